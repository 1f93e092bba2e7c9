import { handleUpload } from '#app/_server/uploads.ts';

export const dynamic = 'force-dynamic';

export {
  handleUpload as DELETE,
  handleUpload as GET,
  handleUpload as HEAD,
  handleUpload as OPTIONS,
  handleUpload as PATCH,
  handleUpload as POST,
};
