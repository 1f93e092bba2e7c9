import type { ReactNode } from 'react';
import './tasks.css';

export default function TasksLayout({ children }: { children: ReactNode }) {
  return children;
}
