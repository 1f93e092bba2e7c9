/** Methods as the API tells them. */
import { getMethod, listVersions } from '#db/submissions/methods.ts';
import { AppError } from '#lib/errors.ts';
import { canViewMethod, canViewVersions, type Viewer } from '#lib/permissions.ts';

type Facts = NonNullable<Awaited<ReturnType<typeof getMethod>>>;

/** Return what a method's owner states about it. */
export function factsOf({
  id,
  name,
  description,
  paperUrl,
  codeUrl,
  authors,
  architecture,
  parameters,
  pretraining,
  extraData,
  secondsPerImage,
  testImagesSeen,
}: Omit<Facts, 'user' | 'team' | 'public'>) {
  return {
    ...{ id, name, description, paperUrl, codeUrl, authors, architecture, parameters, pretraining, extraData },
    ...{ secondsPerImage, testImagesSeen },
  };
}

/** Return a method with the versions that the viewer may see, or throw “not found”. */
export async function methodBody(viewer: Viewer, id: string) {
  const method = await getMethod(id);
  if (!method || !canViewMethod(viewer, method))
    throw new AppError('not-found', 'There is no such method, or it is not public.');
  const versions = await listVersions(id, { public: !canViewVersions(viewer, method) });
  return {
    ...factsOf(method),
    team: method.team?.name ?? null,
    public: method.public,
    versions: versions.map(({ id, task, datasetName, version, state, visibility, shown, publishedAt }) => ({
      ...{ id, task, dataset: datasetName, version, state, visibility, shown },
      publishedAt: publishedAt?.toISOString() ?? null,
    })),
  };
}
