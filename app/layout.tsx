import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { AccountLink } from './_components/account-link.tsx';
import { Banners } from './_components/banners.tsx';
import { Mark } from './_components/icons.tsx';
import { Offline } from './_components/offline.tsx';
import { SiteNav } from './_components/site-nav.tsx';
import { Suspension } from './_components/suspension.tsx';
import { ThemeToggle } from './_components/theme-toggle.tsx';
import { fontClasses } from './fonts.ts';
import './styles/tokens.css';
import './styles/elements.css';
import './styles/layout.css';
import './styles/forms.css';
import './styles/notes.css';
import './styles/tables.css';
import './styles/details.css';
import './styles/board.css';
import './_components/charts/charts.css';
import './home.css';
import './styles/articles.css';
import './styles/forced-colors.css';
import './styles/print.css';

export const metadata: Metadata = {
  title: { default: 'LIVECell benchmark', template: '%s · LIVECell benchmark' },
  description:
    'Compare cell segmentation methods on LIVECell: upload predictions, get exact scores in seconds, see them on the leaderboard.',
  alternates: { types: { 'application/atom+xml': [{ url: '/feed.xml', title: 'New entries' }] } },
};

export const viewport: Viewport = { colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = (await cookies()).get('theme')?.value;
  return (
    <html
      lang="en"
      className={fontClasses}
      data-theme={theme === 'dark' || theme === 'light' ? theme : undefined}
      suppressHydrationWarning
    >
      <body>
        <a className="skip-link" href="#content">
          Skip to content
        </a>
        <header className="site-header">
          <div>
            <Link className="site-name" href="/">
              <Mark />
              <span>LIVECell benchmark</span>
            </Link>
            <SiteNav />
            <div className="site-tools">
              <AccountLink />
              <ThemeToggle />
            </div>
          </div>
        </header>
        <Offline />
        <Suspension />
        <Banners />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
        <footer className="site-footer">
          <div>
            <p>
              An independent benchmark site for{' '}
              <a href="https://www.nature.com/articles/s41592-021-01249-6">LIVECell</a>, the label-free live-cell
              segmentation data set of Edlund et al., Nature Methods 2021. The data set’s images and annotations are
              licensed CC BY-NC 4.0 by Sartorius; the site does not redistribute them.
            </p>
            <ul>
              <li>
                <Link href="/queue">Queue</Link>
              </li>
              <li>
                <Link href="/status">Status</Link>
              </li>
              <li>
                <Link href="/protocol">How scores are computed</Link>
              </li>
              <li>
                <Link href="/docs">Documentation</Link>
              </li>
              <li>
                <Link href="/docs/problems">Problems and warnings</Link>
              </li>
              <li>
                <a href="/feed.xml">Feed of new entries</a>
              </li>
              <li>
                <Link href="/docs/api">API</Link>
              </li>
              <li>
                <a href="https://github.com/sartorius-research/LIVECell">Data set repository</a>
              </li>
              <li>
                <Link href="/docs/privacy">Privacy</Link>
              </li>
              <li>
                <Link href="/docs/terms">Terms of use</Link>
              </li>
              <li>
                <Link href="/docs/moderation">Moderation</Link>
              </li>
              <li>
                <Link href="/docs/retention">How long things are kept</Link>
              </li>
              <li>
                <Link href="/docs/security">Report a security problem</Link>
              </li>
            </ul>
          </div>
        </footer>
      </body>
    </html>
  );
}
