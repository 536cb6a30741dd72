// What the page that `vivant export NAME.html` writes needs of three.js; see build.sh.
export {
  AnimationMixer, Box3, Color, LoopRepeat, NoToneMapping, PerspectiveCamera, Quaternion, Scene, SRGBColorSpace,
  Vector3, WebGLRenderer,
} from "three";
export { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
