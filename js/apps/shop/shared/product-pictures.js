/**
 * Product pictures, drawn here rather than photographed: each shape is one drawing, coloured by the product's palette.
 * Pages show them as `/art/<slug>.svg`, so a picture is cached and has an address that an event can carry.
 *
 * @typedef {import("./catalogue.js").Palette} Palette
 */

/** @type {Record<string, (p: Palette) => string>} */
const SHAPES = { runner, trail, court, mid, shell, anorak, vest, rolltop, tote, sling };
const SHOES = new Set(["runner", "trail", "court", "mid"]);

/**
 * The drawing alone, in a square of 480, for use inside a larger picture.
 *
 * @param {string} shape
 * @param {Palette} palette
 */
export function drawing(shape, palette) {
  const draw = SHAPES[shape];
  const drawn = draw ? draw(palette) : "";
  // A shoe is lower than it is wide: lift it to the middle of the square.
  return SHOES.has(shape) ? `<g transform="translate(0 -32)">${drawn}</g>` : drawn;
}

/**
 * @param {string} shape
 * @param {Palette} palette
 */
export function productArt(shape, palette) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480" fill="none" stroke-linecap="round" stroke-linejoin="round">${drawing(shape, palette)}</svg>`;
}

/** @param {number} y @param {number} rx */
function ground(y, rx, cx = 240) {
  return `<ellipse cx="${cx}" cy="${y}" rx="${rx}" ry="12" fill="#0b1f22" opacity=".14"/><ellipse cx="${cx}" cy="${y}" rx="${rx * 0.72}" ry="7" fill="#0b1f22" opacity=".16"/>`;
}

/** Laces: short bars laid across the throat, from the tongue down towards the toe. @param {string} colour */
function laces(colour, n = 5, x0 = 232, y0 = 196, dx = 21, dy = 14.5) {
  let out = "";
  for (let i = 0; i < n; i += 1) {
    const x = x0 + i * dx;
    const y = y0 + i * dy;
    out += `<path d="M${x - 15} ${y + 15} L${x + 9} ${y - 11}" stroke="${colour}" stroke-width="5.5"/>`;
  }
  return out;
}

const LOW_UPPER =
  "M74 318 C66 286 62 246 72 208 C78 194 96 194 106 206 C122 226 154 224 174 204 L204 170 C214 160 232 166 238 178 C262 220 312 252 362 262 C404 270 428 290 430 318 Z";
const TOE = "M352 260 C402 268 428 290 430 318 L338 318 C330 296 336 274 352 260 Z";
const HEEL = "M74 318 C66 288 63 256 68 226 C98 238 120 274 122 318 Z";
const THROAT = "M176 202 L204 170 C214 160 232 166 238 178 C258 212 298 240 340 256 L318 282 C270 268 210 246 176 202 Z";

/** @param {Palette} p */
function runner(p) {
  return `${ground(374, 190)}
  <path d="M56 322 C54 306 66 300 84 304 L416 306 C438 306 452 316 450 334 C446 360 424 368 392 368 L108 368 C74 368 58 350 56 322 Z" fill="${p.sole}"/>
  <path d="M62 344 C120 330 190 352 250 344 C320 334 390 350 448 338 C442 360 422 368 392 368 L108 368 C82 368 68 358 62 344 Z" fill="${p.accent}"/>
  <path d="${LOW_UPPER}" fill="${p.main}"/>
  <path d="${TOE}" fill="${p.second}"/><path d="${HEEL}" fill="${p.second}"/>
  <path d="${THROAT}" fill="${p.second}" opacity=".55"/>
  <path d="M128 312 C168 306 204 280 226 248 M150 314 C196 306 236 284 262 260 M176 315 C222 308 264 290 296 270" stroke="${p.accent}" stroke-width="9"/>
  <path d="M88 200 C102 200 104 210 112 216 C132 230 154 222 172 206" stroke="${p.dark}" stroke-width="9" opacity=".55"/>
  <path d="M74 214 C66 200 66 188 74 178" stroke="${p.accent}" stroke-width="9"/>
  ${laces(p.sole)}
  <path d="M74 318 L430 318" stroke="${p.dark}" stroke-width="4" opacity=".35"/>`;
}

/** @param {Palette} p */
function trail(p) {
  let lugs = "";
  for (let x = 84; x < 420; x += 26) lugs += `<path d="M${x} 360 l4 18 h12 l4 -18 Z" fill="${p.sole}"/>`;
  return `${ground(382, 186)}
  ${lugs}
  <path d="M58 316 C56 304 66 300 84 304 L416 304 C442 300 456 314 452 332 C446 360 426 366 392 366 L106 366 C74 366 60 348 58 316 Z" fill="${p.sole}"/>
  <path d="M66 330 C150 320 300 340 450 322" stroke="${p.accent}" stroke-width="7"/>
  <path d="${LOW_UPPER}" fill="${p.main}"/>
  <path d="M340 258 C402 264 434 286 440 322 L318 318 C312 304 318 290 330 284 Z" fill="${p.dark}"/>
  <path d="M352 296 C384 290 410 300 422 314" stroke="${p.main}" stroke-width="5" opacity=".7"/>
  <path d="M74 318 C66 288 63 256 68 226 C92 232 112 252 120 276 L156 318 Z" fill="${p.second}"/>
  <path d="${THROAT}" fill="${p.second}"/>
  <path d="M150 300 L196 232 L226 300 L268 254 L296 302" stroke="${p.accent}" stroke-width="8"/>
  <path d="M88 200 C102 200 104 210 112 216 C132 230 154 222 172 206" stroke="${p.dark}" stroke-width="9" opacity=".6"/>
  <path d="M72 216 C58 206 58 184 74 178 C84 176 88 186 84 198" stroke="${p.accent}" stroke-width="7"/>
  ${laces(p.accent)}`;
}

/** @param {Palette} p */
function court(p) {
  let perforations = "";
  for (let row = 0; row < 3; row += 1)
    for (let i = 0; i < 5 - row; i += 1)
      perforations += `<circle cx="${366 + i * 10 - row * 2}" cy="${282 + row * 10 + i * 3}" r="2.4" fill="${p.dark}" opacity=".45"/>`;
  return `${ground(372, 186)}
  <path d="M64 312 L434 312 C446 314 450 330 446 350 C444 362 436 366 424 366 L86 366 C70 366 62 356 62 340 Z" fill="${p.sole}"/>
  <path d="M64 312 L434 312 C446 314 450 330 446 350 C444 362 436 366 424 366 L86 366 C70 366 62 356 62 340 Z" stroke="${p.second}" stroke-width="4"/>
  <path d="M70 328 L442 328" stroke="${p.second}" stroke-width="3" stroke-dasharray="7 7"/>
  <path d="${LOW_UPPER}" fill="${p.main}"/>
  <path d="${TOE}" fill="${p.main}"/><path d="M352 260 C336 274 330 296 338 318" stroke="${p.second}" stroke-width="5"/>
  <path d="M68 226 C98 238 120 274 122 318 L74 318 C66 288 63 256 68 226 Z" fill="${p.accent}"/>
  <path d="M68 208 C78 192 98 194 106 206 C114 216 122 220 132 221" stroke="${p.accent}" stroke-width="11"/>
  <path d="${THROAT}" fill="${p.second}" opacity=".75"/>
  <path d="M150 312 C196 300 230 276 250 254 L280 268 C254 292 216 310 186 316 Z" fill="${p.accent}"/>
  ${perforations}
  ${laces(p.sole)}${laces(p.dark, 5, 233, 197).replaceAll('stroke-width="5.5"', 'stroke-width="1.6" opacity=".45"')}
  <path d="M74 316 L430 316" stroke="${p.dark}" stroke-width="3" opacity=".25"/>`;
}

/** @param {Palette} p */
function mid(p) {
  return `${ground(380, 186)}
  <path d="M58 320 C56 306 66 302 84 306 L416 308 C440 308 454 318 450 338 C446 366 424 374 392 374 L106 374 C74 374 60 352 58 320 Z" fill="${p.sole}"/>
  <path d="M60 344 L448 350 C440 368 420 374 392 374 L106 374 C80 374 66 362 60 344 Z" fill="${p.second}"/>
  <path d="M76 320 C64 270 66 196 80 136 C84 124 98 122 108 128 C130 140 152 138 172 126 C184 118 198 120 204 132 C228 190 300 246 362 264 C404 274 428 292 430 320 Z" fill="${p.main}"/>
  <path d="${TOE}" fill="${p.second}"/>
  <path d="M76 320 C68 286 66 250 68 218 C104 232 126 272 128 320 Z" fill="${p.second}"/>
  <path d="M80 136 C84 124 98 122 108 128 C130 140 152 138 172 126 C184 118 198 120 204 132 L212 150 C190 164 116 176 74 166 Z" fill="${p.accent}"/>
  <path d="M168 168 L212 150 C236 196 292 236 340 256 L318 284 C258 268 196 226 168 168 Z" fill="${p.second}" opacity=".7"/>
  <path d="M142 312 C190 304 232 284 262 262" stroke="${p.accent}" stroke-width="9"/>
  ${laces(p.sole, 6, 206, 174, 24, 16.5)}
  <path d="M76 320 L430 320" stroke="${p.dark}" stroke-width="4" opacity=".35"/>`;
}

/** @param {Palette} p */
function shell(p) {
  return `${ground(432, 120)}
  <path d="M170 128 C176 84 208 62 240 62 C272 62 304 84 310 128 C286 150 194 150 170 128 Z" fill="${p.second}"/>
  <path d="M196 130 C200 100 218 88 240 88 C262 88 280 100 284 130 C268 142 212 142 196 130 Z" fill="${p.dark}"/>
  <path d="M172 118 C140 128 112 140 98 160 C78 196 62 286 58 360 C58 370 64 374 74 374 L112 374 C120 374 124 370 125 362 L146 250 L142 414 C142 424 148 428 158 428 L322 428 C332 428 338 424 338 414 L334 250 L355 362 C356 370 360 374 368 374 L406 374 C416 374 422 370 422 360 C418 286 402 196 382 160 C368 140 340 128 308 118 C290 146 190 146 172 118 Z" fill="${p.main}"/>
  <path d="M146 250 L152 196 M334 250 L328 196" stroke="${p.dark}" stroke-width="4" opacity=".45"/>
  <path d="M98 160 C128 178 160 186 240 186 C320 186 352 178 382 160 C368 140 340 128 308 118 C290 146 190 146 172 118 C140 128 112 140 98 160 Z" fill="${p.second}"/>
  <path d="M240 142 L240 428" stroke="${p.accent}" stroke-width="5"/>
  <path d="M240 200 l0 22" stroke="${p.sole}" stroke-width="11"/>
  <path d="M170 320 L206 348 M310 320 L274 348" stroke="${p.accent}" stroke-width="6"/>
  <path d="M62 346 L128 346 M352 346 L418 346" stroke="${p.sole}" stroke-width="9"/>
  <path d="M142 408 L338 408" stroke="${p.sole}" stroke-width="5" opacity=".8"/>
  <path d="M292 212 h22" stroke="${p.accent}" stroke-width="6"/>`;
}

/** @param {Palette} p */
function anorak(p) {
  return `${ground(432, 122)}
  <path d="M172 126 C176 80 208 58 240 58 C272 58 304 80 308 126 C286 152 194 152 172 126 Z" fill="${p.second}"/>
  <path d="M200 128 C204 100 220 90 240 90 C260 90 276 100 280 128 C266 142 214 142 200 128 Z" fill="${p.dark}"/>
  <path d="M172 118 C140 128 110 140 96 162 C76 198 62 284 58 356 C58 368 64 372 76 372 L112 372 C120 372 124 368 126 360 L146 256 L140 412 C140 424 148 428 158 428 L322 428 C332 428 340 424 340 412 L334 256 L354 360 C356 368 360 372 368 372 L404 372 C416 372 422 368 422 356 C418 284 404 198 384 162 C370 140 340 128 308 118 C290 148 190 148 172 118 Z" fill="${p.main}"/>
  <path d="M226 144 L254 144 L252 246 L228 246 Z" fill="${p.second}"/><path d="M240 144 L240 244" stroke="${p.accent}" stroke-width="5"/>
  <path d="M158 268 L322 268 L330 376 C330 384 326 388 318 388 L162 388 C154 388 150 384 150 376 Z" fill="${p.second}"/>
  <path d="M158 268 L322 268 L318 306 C270 320 210 320 162 306 Z" fill="${p.main}"/>
  <path d="M162 306 C210 320 270 320 318 306" stroke="${p.dark}" stroke-width="4" opacity=".5"/>
  <circle cx="240" cy="306" r="7" fill="${p.accent}"/>
  <path d="M208 146 C204 172 208 190 204 210 M272 146 C276 172 272 190 276 210" stroke="${p.accent}" stroke-width="5"/>
  <path d="M62 344 L128 344 M352 344 L418 344" stroke="${p.sole}" stroke-width="8"/>
  <path d="M146 256 L152 200 M334 256 L328 200" stroke="${p.dark}" stroke-width="4" opacity=".35"/>
  <path d="M141 410 L339 410" stroke="${p.sole}" stroke-width="5" opacity=".7"/>`;
}

/** @param {Palette} p */
function vest(p) {
  let baffles = "";
  for (let i = 0; i < 6; i += 1) {
    const y = 196 + i * 38;
    baffles += `<path d="M${140 - i * 1.4} ${y} C180 ${y + 15} 214 ${y + 13} 236 ${y + 9} M244 ${y + 9} C266 ${y + 13} 300 ${y + 15} ${340 + i * 1.4} ${y}" stroke="${p.dark}" stroke-width="4" opacity=".38"/>`;
  }
  return `${ground(434, 112)}
  <path d="M186 74 C204 62 276 62 294 74 L304 136 C276 156 204 156 176 136 Z" fill="${p.second}"/>
  <path d="M204 82 C222 76 258 76 276 82 L278 126 C260 138 220 138 202 126 Z" fill="${p.dark}"/>
  <path d="M178 118 C160 124 142 128 134 138 C146 180 146 210 136 250 C130 300 130 360 132 414 C132 424 138 428 148 428 L332 428 C342 428 348 424 348 414 C350 360 350 300 344 250 C334 210 334 180 346 138 C338 128 320 124 302 118 C280 152 200 152 178 118 Z" fill="${p.main}"/>
  ${baffles}
  <path d="M240 140 L240 428" stroke="${p.accent}" stroke-width="6"/><path d="M240 152 l0 18" stroke="${p.accent}" stroke-width="12"/>
  <path d="M134 138 C146 180 146 210 136 250 M346 138 C334 180 334 210 344 250" stroke="${p.sole}" stroke-width="9"/>
  <path d="M166 342 L196 372 M314 342 L284 372" stroke="${p.accent}" stroke-width="6"/>`;
}

/** @param {Palette} p */
function rolltop(p) {
  return `${ground(432, 118)}
  <path d="M134 176 C108 220 100 320 116 392 M346 176 C372 220 380 320 364 392" stroke="${p.dark}" stroke-width="20"/>
  <path d="M210 92 C212 64 268 64 270 92" stroke="${p.dark}" stroke-width="11"/>
  <path d="M138 148 L342 148 C350 240 354 330 350 404 C349 420 340 428 324 428 L156 428 C140 428 131 420 130 404 C126 330 130 240 138 148 Z" fill="${p.main}"/>
  <path d="M142 92 L338 92 C346 92 350 98 349 106 L344 152 L136 152 L131 106 C130 98 134 92 142 92 Z" fill="${p.second}"/>
  <path d="M133 116 L347 116 M134 132 L346 132" stroke="${p.dark}" stroke-width="4" opacity=".6"/>
  <path d="M240 90 L240 246" stroke="${p.accent}" stroke-width="13"/><rect x="224" y="188" width="32" height="24" rx="5" fill="${p.dark}"/><rect x="231" y="195" width="18" height="10" rx="2" fill="${p.accent}"/>
  <path d="M158 280 L322 280 C328 280 331 284 331 290 L332 386 C332 394 328 398 320 398 L160 398 C152 398 148 394 148 386 L149 290 C149 284 152 280 158 280 Z" fill="${p.second}"/>
  <path d="M156 300 L324 300" stroke="${p.accent}" stroke-width="5"/><path d="M304 300 l0 20" stroke="${p.accent}" stroke-width="6"/>
  <path d="M131 404 C131 420 140 428 156 428 L324 428 C340 428 350 420 350 404 Z" fill="${p.sole}"/>
  <path d="M178 346 q16 -14 31 0 t31 0 t31 0 t31 0" stroke="${p.main}" stroke-width="6"/>`;
}

/** @param {Palette} p */
function tote(p) {
  return `${ground(428, 138)}
  <path d="M168 206 C166 96 206 60 240 60 C274 60 314 96 312 206" stroke="${p.second}" stroke-width="15"/>
  <path d="M98 174 L382 174 L366 404 C365 418 356 424 342 424 L138 424 C124 424 115 418 114 404 Z" fill="${p.main}"/>
  <path d="M107 300 C170 286 216 316 270 302 C312 292 344 296 373 302 L366 404 C365 418 356 424 342 424 L138 424 C124 424 115 418 114 404 Z" fill="${p.sole}"/>
  <path d="M98 174 L382 174 L380 196 L100 196 Z" fill="${p.second}"/>
  <path d="M170 250 C170 110 204 78 240 78 C276 78 310 110 310 250" stroke="${p.accent}" stroke-width="15"/>
  <path d="M158 222 h24 v34 h-24 Z M298 222 h24 v34 h-24 Z" fill="${p.dark}" opacity=".75"/>
  <path d="M216 238 q8 -9 16 0 t16 0 t16 0 M216 254 q8 -9 16 0 t16 0 t16 0" stroke="${p.accent}" stroke-width="5"/>
  <path d="M130 336 C190 326 226 350 280 338" stroke="${p.main}" stroke-width="5" opacity=".5"/>`;
}

/** @param {Palette} p */
function sling(p) {
  return `${ground(398, 150)}
  <path d="M104 250 C92 110 206 60 296 92 C360 116 392 170 384 262" stroke="${p.dark}" stroke-width="19"/>
  <path d="M104 250 C92 110 206 60 296 92 C360 116 392 170 384 262" stroke="${p.accent}" stroke-width="4" stroke-dasharray="2 13"/>
  <path d="M112 226 C150 200 330 200 368 226 C396 250 404 312 384 352 C370 382 338 392 306 392 L174 392 C142 392 110 382 96 352 C76 312 84 250 112 226 Z" fill="${p.main}"/>
  <path d="M100 270 C170 296 310 296 380 270" stroke="${p.dark}" stroke-width="6" opacity=".55"/>
  <path d="M104 282 C172 308 308 308 376 282 C392 316 390 346 376 364 C360 386 336 392 306 392 L174 392 C144 392 120 386 104 364 C90 346 88 316 104 282 Z" fill="${p.second}"/>
  <path d="M144 326 L336 326" stroke="${p.accent}" stroke-width="6"/><path d="M330 326 l8 24" stroke="${p.accent}" stroke-width="7"/>
  <rect x="286" y="80" width="34" height="30" rx="6" fill="${p.accent}" transform="rotate(24 303 95)"/>
  <path d="M208 242 q8 -9 16 0 t16 0 t16 0 t16 0" stroke="${p.accent}" stroke-width="5"/>`;
}
