// A tile in the launcher, and a command in the palette, that open the book where it begins.
//
// The book is where the server's root has it: at the top (`make lab`, `underglass lab`, a hub), or in the folder
// that `underglass lab` makes. A server without a book gets a dialog that says how to open one.

const PLACES = ["book/00_intro.ipynb", "go-under-glass/book/00_intro.ipynb"];
const BROWSE = "filebrowser:go-to-path"; // shows the chapters beside it
const COMMAND = "underglass:start";
const MISSING =
  "There is no book below this server's folder. End JupyterLab, and run `underglass lab`: it copies the book " +
  "into a folder and opens it.";

export async function start(shared) {
  const packages = ["launcher", "apputils", "coreutils", "ui-components"].map((name) => `@jupyterlab/${name}`);
  const [{ ILauncher }, { ICommandPalette, showDialog, Dialog }, { PageConfig }, { notebookIcon }] =
    await Promise.all(packages.map(shared));
  return {
    id: "underglass:start",
    description: "Opens the book from the launcher.",
    autoStart: true,
    optional: [ILauncher, ICommandPalette],
    activate: (app, launcher, palette) => {
      // Asked by listing folders: a question for a file that is not there is an error in the browser's console.
      const isThere = async (path) => {
        const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
        if (folder && !(await isThere(folder))) return false;
        return (await app.serviceManager.contents.get(folder)).content.some((item) => item.path === path);
      };
      app.commands.addCommand(COMMAND, {
        label: (args) => (args.isPalette ? "Open Go Under Glass, the book" : "Start the book"),
        icon: notebookIcon, // of the launcher's section, which takes that of its first tile
        caption: "Open the introduction of Go Under Glass",
        execute: async () => {
          for (const path of PLACES) {
            if (!(await isThere(path))) continue;
            if (app.commands.hasCommand(BROWSE)) await app.commands.execute(BROWSE, { path, dontShowBrowser: true });
            return app.commands.execute("docmanager:open", { path });
          }
          return showDialog({ title: "Go Under Glass", body: MISSING, buttons: [Dialog.okButton()] });
        },
      });
      const kernelIconUrl = `${PageConfig.getBaseUrl()}kernelspecs/underglass/logo-svg.svg`;
      launcher?.add({ command: COMMAND, category: "Notebook", rank: -1, kernelIconUrl });
      palette?.addItem({ command: COMMAND, category: "Help", args: { isPalette: true } });
    },
  };
}
