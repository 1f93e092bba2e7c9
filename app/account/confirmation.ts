/** The text to type before an account is deleted. */
export function confirmationOf({ name, email }: { name: string | null; email: string | null }): string {
  return name?.trim() || email || 'delete my account';
}
