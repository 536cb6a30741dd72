#!/bin/sh
# Makes nodes/export/viewer/three.min.js and its licence from npm's packages: needs node and npm, and a network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../nodes/export/viewer
three=0.187.0
esbuild=0.28.2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$here/entry.js" "$scratch/"
cd "$scratch"
npm init -y >/dev/null
npm install --no-audit --no-fund "three@$three" "esbuild@$esbuild" >/dev/null
{
    printf '// three.js %s with GLTFLoader and OrbitControls, MIT licence (three-LICENSE.txt). ' "$three"
    printf 'Bundled by esbuild %s: scripts/viewer/build.sh\n' "$esbuild"
} >head.txt
npx esbuild entry.js --bundle --minify --format=iife --global-name=THREE --target=es2020 --legal-comments=none \
    --charset=ascii --banner:js="$(cat head.txt)" --outfile=three.min.js --log-level=warning
cp three.min.js "$target/three.min.js"
cp node_modules/three/LICENSE "$target/three-LICENSE.txt"
