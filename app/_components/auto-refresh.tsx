'use client';

import { useRouter } from 'next/navigation';
import { useEffect } from 'react';

/** Reload the page's data every few seconds while its tab is visible. */
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
