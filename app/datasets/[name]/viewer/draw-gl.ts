/**
 * Draws a scene with one fragment shader: for each pixel of the screen it reads the id under it and the ids around it. An
 * outline is where they differ, so it is as wide on every scale, and its cost does not depend on the number of cells.
 */
import { VERDICTS } from '#lib/viewer/verdicts.ts';
import { COLOURS, LAYERS, LOOKUP_LENGTH, LOOKUPS, PATTERNS, type Renderer, type Scene } from './scene.ts';

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
  gl_Position = vec4(corner, 0, 1);
}`;

const vec = (rgb: readonly number[]) => `vec3(${rgb.map((value) => (value / 255).toFixed(4)).join(', ')})`;
const PATTERN_CODES = { none: 0, slashes: 1, dots: 2, columns: 3, rows: 4 } as const;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform sampler2D picture;
uniform usampler2D truthIds, aIds, bIds, lookups;
uniform vec2 canvas, size, middle;
uniform float scale, swipe, lineWidth;
uniform int leftLayer, rightLayer, hasPicture, chosenLayer, chosenId;
out vec4 colour;

const vec3 COLOURS[${VERDICTS.length}] = vec3[](${VERDICTS.map((verdict) => vec(COLOURS[verdict])).join(', ')});
const int PATTERNS[${VERDICTS.length}] = int[](${VERDICTS.map((verdict) => PATTERN_CODES[PATTERNS[verdict]]).join(', ')});

uvec2 idsAt(int map, vec2 at) {
  if (at.x < 0.0 || at.y < 0.0 || at.x >= size.x || at.y >= size.y) return uvec2(0);
  ivec2 pixel = ivec2(at);
  if (map == 1) return texelFetch(truthIds, pixel, 0).rg;
  if (map == 2) return texelFetch(aIds, pixel, 0).rg;
  return texelFetch(bIds, pixel, 0).rg;
}
int verdictOf(int row, uint id) {
  if (id == 0u) return 0;
  return int(texelFetch(lookups, ivec2(int(id & 1023u), row * ${LOOKUP_LENGTH / 1024} + int(id >> 10)), 0).r);
}
bool inked(int pattern, ivec2 at) {
  if (pattern == 1) return (at.x + at.y) % 9 < 2;
  if (pattern == 2) return at.x % 6 < 2 && at.y % 6 < 2;
  if (pattern == 3) return at.x % 7 < 2;
  if (pattern == 4) return at.y % 7 < 2;
  return false;
}
const vec2 AROUND[8] = vec2[](vec2(1, 0), vec2(-1, 0), vec2(0, 1), vec2(0, -1), vec2(0.7, 0.7), vec2(-0.7, 0.7), vec2(0.7, -0.7), vec2(-0.7, -0.7));

// the mark of one map on this pixel: colour and opacity
vec4 mark(int map, int row, vec2 at, ivec2 pixel) {
  uvec2 here = idsAt(map, at);
  vec4 found = vec4(0);
  // the cell below first, then the one on top
  for (int level = 1; level >= 0; level--) {
    uint id = level == 0 ? here.r : here.g;
    int verdict = verdictOf(row, id);
    if (verdict == 0) continue;
    bool chosen = map == chosenLayer && int(id) == chosenId;
    float reach = chosen ? lineWidth * 2.0 : lineWidth;
    bool edge = false;
    for (int k = 0; k < 8 && !edge; k++) {
      uvec2 there = idsAt(map, at + AROUND[k] * reach / scale);
      edge = there.r != id && there.g != id;
    }
    if (edge) found = chosen ? vec4(1, 1, 1, 1) : vec4(COLOURS[verdict], 1);
    else if (inked(PATTERNS[verdict], pixel)) found = vec4(COLOURS[verdict], 0.75);
  }
  return found;
}

void main() {
  vec2 place = vec2(gl_FragCoord.x, canvas.y - gl_FragCoord.y);
  vec2 at = (place - canvas * 0.5) / scale + middle;
  ivec2 pixel = ivec2(place);
  bool inside = at.x >= 0.0 && at.y >= 0.0 && at.x < size.x && at.y < size.y;
  vec3 ground = inside ? vec3(0.16) : vec3(0.07);
  if (inside && hasPicture == 1) {
    ground = vec3(texture(picture, at / size).r * 0.72);
  }
  float border = swipe * canvas.x;
  int layer = place.x < border ? leftLayer : rightLayer;
  vec4 found = vec4(0);
  if (inside && layer > 0) {
    if (layer > 1) found = mark(1, layer == 2 ? 2 : 4, at, pixel);
    vec4 top = mark(layer, layer == 1 ? 0 : layer == 2 ? 1 : 3, at, pixel);
    if (top.a > 0.0) found = top;
  }
  ground = mix(ground, found.rgb, found.a);
  if (leftLayer != rightLayer && abs(place.x - border) < 1.0) ground = vec3(1);
  colour = vec4(ground, 1);
}`;

/** @returns null where WebGL 2 is not to be had */
export function createGlRenderer(canvas: HTMLCanvasElement): Renderer | null {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: false, preserveDrawingBuffer: true });
  if (!gl) return null;
  const compile = (kind: number, source: string): WebGLShader => {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    return shader;
  };
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compile(gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  // biome-ignore lint/correctness/useHookAtTopLevel: a function of WebGL, not of React
  gl.useProgram(program);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const at = (name: string) => gl.getUniformLocation(program, name);
  const textures = ['picture', 'truthIds', 'aIds', 'bIds', 'lookups'].map((name, unit) => {
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    const filter = name === 'picture' ? gl.LINEAR : gl.NEAREST;
    for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, size, filter);
    gl.uniform1i(at(name), unit);
    return texture;
  });
  const places = Object.fromEntries(
    [
      ...['canvas', 'size', 'middle', 'scale', 'swipe', 'lineWidth'],
      ...['leftLayer', 'rightLayer', 'hasPicture', 'chosenLayer', 'chosenId'],
    ].map((name) => [name, at(name)]),
  );
  const empty = new Uint16Array(2);
  return {
    draw(scene: Scene, { picture, maps, lookups }) {
      if (picture && scene.picture) {
        gl.activeTexture(gl.TEXTURE0);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, gl.RED, gl.UNSIGNED_BYTE, scene.picture);
      }
      if (maps)
        for (const [k, name] of (['truth', 'a', 'b'] as const).entries()) {
          const map = scene.maps[name];
          gl.activeTexture(gl.TEXTURE1 + k);
          const [width, height] = map ? [map.width, map.height] : [1, 1];
          const ids = map?.ids ?? empty;
          gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16UI, width, height, 0, gl.RG_INTEGER, gl.UNSIGNED_SHORT, ids);
        }
      if (lookups) {
        gl.activeTexture(gl.TEXTURE4);
        const rows = (LOOKUPS.length * LOOKUP_LENGTH) / 1024;
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, 1024, rows, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, scene.lookups);
      }
      const layerOf = (layer: Scene['left']): number => {
        const code = LAYERS.indexOf(layer);
        return layer !== 'none' && scene.maps[layer] ? code : 0;
      };
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.uniform2f(places.canvas, canvas.width, canvas.height);
      gl.uniform2f(places.size, scene.width, scene.height);
      gl.uniform2f(places.middle, scene.camera.x, scene.camera.y);
      gl.uniform1f(places.scale, scene.camera.scale);
      gl.uniform1f(places.swipe, scene.swipe);
      gl.uniform1f(places.lineWidth, lineWidth());
      gl.uniform1i(places.leftLayer, layerOf(scene.left));
      gl.uniform1i(places.rightLayer, layerOf(scene.right));
      gl.uniform1i(places.hasPicture, scene.picture ? 1 : 0);
      gl.uniform1i(places.chosenLayer, scene.chosen ? LAYERS.indexOf(scene.chosen.layer) : 0);
      gl.uniform1i(places.chosenId, scene.chosen?.id ?? 0);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
    close() {
      for (const texture of textures) gl.deleteTexture(texture);
      gl.deleteProgram(program);
    },
  };
}

/** Half the width of an outline, in pixels of the canvas. */
export function lineWidth(): number {
  return 1.6 * Math.max(1, globalThis.devicePixelRatio ?? 1);
}
