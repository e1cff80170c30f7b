/**
 * A banner's categories under the names of the site's purposes: `purposes` says which category answers for a purpose where
 * the names differ. A category that answers for a purpose no longer speaks under its own name; `more` are categories that
 * speak only when they are named.
 */
export const renamed = (categories: Record<string, boolean>, purposes: Record<string, string>, more: Record<string, boolean> = {}): Record<string, boolean> => {
  const named = { ...categories };
  for (const category of Object.values(purposes)) delete named[category];
  for (const purpose of Object.keys(purposes)) {
    const category = purposes[purpose]!;
    named[purpose] = (categories[category] ?? more[category]) === true;
  }
  return named;
};
