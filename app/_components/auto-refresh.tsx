'use client';

import { useRouter } from 'next/navigation';
import { useEffect } from 'react';

/** Has the page asked for again every so often, while somebody is looking at it. */
export function Live({ seconds }: { seconds: number }) {
  const router = useRouter();
  useEffect(() => {
    const ask = () => document.visibilityState === 'visible' && router.refresh();
    const timer = setInterval(ask, seconds * 1000);
    document.addEventListener('visibilitychange', ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, [router, seconds]);
  return null;
}
