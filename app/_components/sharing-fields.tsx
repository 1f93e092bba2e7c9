import { LICENCE_NAMES, LICENCES, type Licence } from '#lib/vocabulary.ts';
import { Field } from './field.tsx';

interface Props {
  /** what is chosen at first */
  chosen?: { licence?: Licence | string | null; cellsShown?: boolean; filesShared?: boolean };
  errors?: Record<string, string>;
}

/** What others may do with the predictions of an entry: nothing, unless its owner chooses otherwise. */
export function SharingFields({ chosen, errors }: Props) {
  return (
    <>
      <label className="check">
        <input type="checkbox" name="cellsShown" defaultChecked={chosen?.cellsShown} />
        <span>
          Show the predicted cells to everybody once the entry is published: outlines in the viewer, where the images’
          annotations are public too.
        </span>
      </label>
      <label className="check">
        <input type="checkbox" name="filesShared" defaultChecked={chosen?.filesShared} />
        <span>
          Let everybody download the prediction files once the entry is published, with their digests. Files of an
          anonymous entry stay closed until it is revealed.
        </span>
      </label>
      <Field
        name="licence"
        label="Licence of the predictions"
        hint="Needed for downloads. Both choices and the licence can be changed later; what was downloaded meanwhile keeps its licence."
        errors={errors}
      >
        {(field) => (
          <select {...field} defaultValue={chosen?.licence ?? ''}>
            <option value="">none</option>
            {LICENCES.map((licence) => (
              <option key={licence} value={licence}>
                {LICENCE_NAMES[licence]}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}
