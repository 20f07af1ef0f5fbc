// What JupyterLab loads first: a module federation container (init and get). JupyterLab's own packages are used
// through its share scope, so nothing of CodeMirror is in here and no bundler is needed.
"use strict";
(() => {
  const here = document.currentScript.src;
  let scope;

  // Where several versions are offered, the one that is loaded is the one JupyterLab runs on.
  const shared = async (name) => {
    const versions = Object.entries(scope[name]).sort(
      ([a, x], [b, y]) => Boolean(y.loaded) - Boolean(x.loaded) || b.localeCompare(a, undefined, { numeric: true }),
    );
    return (await versions[0][1].get())();
  };

  globalThis._JUPYTERLAB = globalThis._JUPYTERLAB || {};
  globalThis._JUPYTERLAB.underglass = {
    init: (offered) => {
      scope = offered;
    },
    get: async () => {
      const { plugins } = await import(new URL("index.js", here).href);
      const module = { __esModule: true, default: await plugins(shared) };
      return () => module;
    },
  };
})();
