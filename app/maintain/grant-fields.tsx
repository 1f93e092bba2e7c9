/** Amount, end and reason of extra places in a quota; `reader` reads the reason. */
export function GrantFields({ until, reader }: { until: string; reader: string }) {
  return (
    <>
      <input name="amount" type="number" min={1} max={1000} defaultValue={5} aria-label="How many more" />
      <label>
        until <input name="until" type="date" defaultValue={until} />
      </label>
      <input
        name="reason"
        className="maintain-reason"
        aria-label="Reason for the grant"
        placeholder={`Reason, read by ${reader}`}
        maxLength={1000}
      />
    </>
  );
}
