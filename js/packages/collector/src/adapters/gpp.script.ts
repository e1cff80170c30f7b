import { gpp } from "./gpp.ts";
import { attributes, join } from "./join.ts";

// `<script src="…/adapter-gpp.js" data-denies="advertising sale_or_share">`
const { denies, forward } = attributes();
join(gpp({ ...(denies !== undefined && { denies: denies.split(/[\s,]+/).filter(Boolean) }), forward: forward !== undefined }));
