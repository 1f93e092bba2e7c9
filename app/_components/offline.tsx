'use client';

/**
 * Says that the connection is lost, and keeps forms from being sent until it is back: the browser would replace the page,
 * and with it what was typed, by a message of its own.
 */
import { useEffect, useState } from 'react';

export function Offline() {
  const [offline, setOffline] = useState(false);
  const [kept, setKept] = useState(false);
  useEffect(() => {
    const look = () => {
      setOffline(!navigator.onLine);
      if (navigator.onLine) setKept(false);
    };
    const keep = (event: SubmitEvent) => {
      if (navigator.onLine) return;
      event.preventDefault();
      event.stopPropagation();
      setKept(true);
    };
    look();
    addEventListener('online', look);
    addEventListener('offline', look);
    document.addEventListener('submit', keep, true);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
      document.removeEventListener('submit', keep, true);
    };
  }, []);
  return (
    <div role="status" className={offline ? 'offline' : undefined}>
      {offline && (
        <p>
          <b>You are offline.</b>{' '}
          {kept
            ? 'Nothing was sent. What you typed is still here: send it again when the connection is back.'
            : 'You can read on. What you type stays here, and an upload goes on by itself when the connection is back.'}
        </p>
      )}
    </div>
  );
}
