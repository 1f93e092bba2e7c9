import type { ReactNode } from 'react';

interface Props {
  /** the new secret; nothing is shown without one */
  made?: string;
  /** what it is; the code carries it as an attribute, such as `data-token` */
  kind: 'token' | 'review-link' | 'invitation' | 'sign-in-link' | 'class-code' | 'class-screen';
  children?: ReactNode;
}

/** A token or link that was just made. Only its digest is kept, so it cannot be shown again. */
export function ShownOnce({ made, kind, children }: Props) {
  if (!made) return null;
  return (
    <div className="alert" data-kind="good" role="status">
      <p>
        This is the {kind === 'token' ? 'token' : 'link'}. Copy it now: it is not shown again. {children}
      </p>
      <p>
        <code {...{ [`data-${kind}`]: '' }}>{made}</code>
      </p>
    </div>
  );
}
