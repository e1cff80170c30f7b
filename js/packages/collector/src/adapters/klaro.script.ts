import { attributes, join, pairs } from "./join.ts";
import { klaro } from "./klaro.ts";

// `<script src="…/adapter-klaro.js" data-purposes="personalization=functional">`
join(klaro({ purposes: pairs(attributes()["purposes"]) }));
