/** `livecell doctor`: examines an installation. */
import { join } from 'node:path';
import { type Command, JSON_OPTION } from '#workers/cli/command.ts';
import type { Verdict } from '#workers/cli/doctor.ts';

const SIGNS: Record<Verdict, string> = { ok: 'ok      ', warning: 'warning ', wrong: 'WRONG   ', skipped: '–       ' };

export const doctor: Command = {
  name: 'doctor',
  help: 'Examines this installation: says what is wrong, and the command that mends it.',
  details: 'Reads the same environment variables as the site. It changes nothing. Exit status 1 if something is wrong.',
  example: 'livecell doctor --json',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    const { examine } = await import('#workers/cli/doctor.ts');
    const findings = await examine(join(import.meta.dirname, '../../..'), process.env);
    const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
    out.document({ healthy: count('wrong') === 0, findings });
    for (const { check, verdict, says, mend } of findings) {
      out.print(`${SIGNS[verdict]}${check.padEnd(18)} ${says}`);
      if (mend) out.print(`${' '.repeat(27)}→ ${mend}`);
    }
    const [faults, warnings] = [count('wrong'), count('warning')];
    out.print(
      faults + warnings === 0
        ? 'Everything is in order.'
        : `${faults} wrong, ${warnings} warning${warnings === 1 ? '' : 's'}.`,
    );
    if (faults > 0) process.exitCode = 1;
  },
};
