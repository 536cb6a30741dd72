// Shows the portrait that this page carries: orbit with the mouse, expressions and turns of the head by sliders.
//
// What follows # in the address sets it, too: shapes by their ARKit name, yaw, pitch and roll in degrees (positive: to
// the right of the picture, up, counter-clockwise), orbit in degrees around the portrait, neutral to take away the
// picture's own expression, exact to draw as many pixels as the picture has and nothing else:
//   portrait.html#neutral&jawOpen=1&yaw=20
"use strict";

(() => {
  const GROUPS = { brow: "Brows", eye: "Eyes", jaw: "Jaw", mouth: "Mouth", cheek: "Cheeks", nose: "Nose", tongue: "Tongue" };
  const TURNS = { yaw: [-45, 45], pitch: [-30, 30], roll: [-30, 30] };
  const RADIANS = Math.PI / 180;
  const view = document.getElementById("view");
  const asked = new URLSearchParams(location.hash.slice(1));
  const exact = asked.has("exact");

  function trouble(text) {
    const place = document.getElementById("trouble");
    place.textContent = text;
    place.hidden = false;
    document.documentElement.dataset.state = "failed";
  }

  function bytes() {
    const text = atob(document.getElementById("model").textContent.trim());
    const out = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
    return out.buffer;
  }

  let renderer;
  try {
    renderer = new THREE.WebGLRenderer({ antialias: true });
  } catch (error) {
    trouble("This browser shows no 3-D graphics (WebGL): switch on hardware acceleration, or try another one.");
    return;
  }
  new THREE.GLTFLoader().parse(bytes(), "", show, (error) => trouble(`The portrait cannot be shown: ${error.message}`));

  function show(gltf) {
    view.append(renderer.domElement);
    const scene = new THREE.Scene();
    scene.background = new THREE.Color("#18181c");
    scene.add(gltf.scene);
    const about = gltf.asset.extras;
    const meshes = [];
    gltf.scene.traverse((object) => {
      if (!object.isSkinnedMesh) return;
      object.frustumCulled = false; // its bounds would be measured anew with every expression
      object.renderOrder = 1 + meshes.length; // the parts come in the order in which they are to be drawn
      meshes.push(object);
    });
    const names = Object.keys(meshes[0].morphTargetDictionary);
    const own = names.map((name) => meshes[0].morphTargetInfluences[meshes[0].morphTargetDictionary[name]]);
    const neck = gltf.scene.getObjectByName("neck");
    const head = gltf.scene.getObjectByName("head");
    const backdrop = gltf.scene.getObjectByName("backdrop");
    const state = { weights: Object.fromEntries(names.map((name, i) => [name, own[i]])), yaw: 0, pitch: 0, roll: 0 };

    const picture = gltf.cameras[0];
    const camera = new THREE.PerspectiveCamera(picture.fov, picture.aspect, picture.near, picture.far);
    const place = picture.getWorldPosition(new THREE.Vector3());
    const middle = new THREE.Vector3(place.x, place.y, head.getWorldPosition(new THREE.Vector3()).z + 0.05);
    const controls = new THREE.OrbitControls(camera, renderer.domElement);
    controls.minAzimuthAngle = -50 * RADIANS;
    controls.maxAzimuthAngle = 50 * RADIANS;
    controls.minPolarAngle = 60 * RADIANS;
    controls.maxPolarAngle = 120 * RADIANS;

    function look(degrees) {
      const way = place.z - middle.z;
      camera.position.set(middle.x + way * Math.sin(degrees * RADIANS), middle.y, middle.z + way * Math.cos(degrees * RADIANS));
      controls.target.copy(middle);
      controls.update();
    }

    function resize() {
      const width = exact ? about.size[0] : view.clientWidth;
      const height = exact ? about.size[1] : view.clientHeight;
      renderer.setPixelRatio(exact ? 1 : Math.min(devicePixelRatio, 2));
      renderer.setSize(width, height);
      camera.aspect = width / height;
      // the whole picture is seen, whatever the window's shape
      const narrow = Math.max(1, picture.aspect / camera.aspect);
      camera.fov = 2 * Math.atan(Math.tan((picture.fov * RADIANS) / 2) * narrow) / RADIANS;
      camera.updateProjectionMatrix();
      draw();
    }

    const axis = new THREE.Vector3();
    function turn(bone, share) {
      axis.set(-state.pitch, state.yaw, state.roll).multiplyScalar(share * RADIANS);
      const angle = axis.length();
      bone.quaternion.setFromAxisAngle(angle ? axis.divideScalar(angle) : axis.set(0, 1, 0), angle);
    }

    function pose() {
      for (const mesh of meshes)
        for (const name of names) mesh.morphTargetInfluences[mesh.morphTargetDictionary[name]] = state.weights[name];
      turn(neck, about.neckShare);
      turn(head, 1 - about.neckShare);
      draw();
    }

    function draw() {
      renderer.render(scene, camera);
    }

    const clip = gltf.animations[0];
    let mixer = null;
    let last = 0;
    function play(on) {
      if (on === (mixer !== null)) return;
      if (on) {
        mixer = new THREE.AnimationMixer(gltf.scene);
        mixer.clipAction(clip).play();
        last = performance.now();
        renderer.setAnimationLoop((now) => {
          mixer.update(Math.max(0, now - last) / 1000);
          last = now;
          draw();
        });
      } else {
        renderer.setAnimationLoop(null);
        mixer.stopAllAction();
        mixer = null;
        pose();
      }
    }

    const rows = new Map();
    function slider(parent, name, low, high, read, write) {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step: (high - low) / 100 });
      const output = document.createElement("output");
      const update = () => {
        input.value = read();
        output.textContent = high > 1 ? `${Math.round(read())}°` : read().toFixed(2);
      };
      input.addEventListener("input", () => {
        play(false);
        write(Number(input.value));
        update();
        pose();
      });
      label.append(name, input, output);
      parent.append(label);
      rows.set(name, update);
      update();
    }

    function group(title, open) {
      const details = Object.assign(document.createElement("details"), { open });
      details.append(Object.assign(document.createElement("summary"), { textContent: title }));
      document.getElementById("sliders").append(details);
      return details;
    }

    const turns = group("Head", true);
    for (const [name, [low, high]] of Object.entries(TURNS))
      slider(turns, name, low, high, () => state[name], (value) => (state[name] = value));
    for (const [start, title] of Object.entries(GROUPS)) {
      const parent = group(title, start === "jaw" || start === "eye");
      for (const name of names.filter((name) => name.startsWith(start)))
        slider(parent, name, 0, 1, () => state.weights[name], (value) => (state.weights[name] = value));
    }

    function wear(weights) {
      play(false);
      names.forEach((name, i) => (state.weights[name] = weights[i]));
      for (const name of Object.keys(TURNS)) state[name] = 0;
      rows.forEach((update) => update());
      pose();
    }

    function button(text, action) {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      made.addEventListener("click", action);
      document.getElementById("buttons").append(made);
    }
    button("As in the picture", () => wear(own));
    button("Neutral", () => wear(own.map(() => 0)));
    button("Look from the front", () => { look(0); draw(); });
    if (clip) button("Play or stop", () => play(mixer === null));
    if (backdrop) button("Backdrop", () => { backdrop.visible = !backdrop.visible; draw(); });

    if (asked.has("neutral")) names.forEach((name) => (state.weights[name] = 0));
    for (const [name, text] of asked) {
      const value = Number(text);
      if (!Number.isFinite(value)) continue;
      if (name in state.weights) state.weights[name] = value;
      else if (name in TURNS) state[name] = value;
    }
    rows.forEach((update) => update());
    document.body.classList.toggle("exact", exact);
    if (exact) controls.enabled = false;
    look(Number(asked.get("orbit")) || 0);
    resize();
    pose();
    controls.addEventListener("change", draw);
    addEventListener("resize", resize);
    document.documentElement.dataset.state = "ready";
  }
})();
