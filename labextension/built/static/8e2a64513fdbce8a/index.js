// Two plugins: the launcher's tile (start.js), and the colours of cells.
//
// A cell that starts with %%asm or %%go is read as that language, whatever the notebook's language is. Go assembly
// is a language of JupyterLab's besides, for .s files and for code in Markdown, ```goasm.
//
// CodeMirror keeps its language in a facet of which the first value counts (@codemirror/language, `language`).
// So a value that depends on the text, and stands before the notebook's own, is all it takes: it changes as the
// first line is typed, and every other cell keeps what JupyterLab gave it. Colours are those of the theme.
// With the facet comes a field that needs some language: `plain` is there until JupyterLab has found its own.

import { asm } from "./asm.js";
import { go } from "./go.js";
import { start } from "./start.js";

const MAGIC = /^%%(asm|go)(?:\s|$)/;
const MARKDOWN = "text/x-ipythongfm";

export const plugins = async (shared) => [await cells(shared), await start(shared)];

async function cells(shared) {
  const [editor, { LanguageSupport, StreamLanguage, language }, { Prec }] = await Promise.all(
    ["@jupyterlab/codemirror", "@codemirror/language", "@codemirror/state"].map(shared),
  );
  const languages = { asm: [StreamLanguage.define(asm)], go: [StreamLanguage.define(go)] };
  const plain = StreamLanguage.define({ token: (stream) => stream.skipToEnd() ?? null });
  const extensions = [
    Prec.highest(language.computeN(["doc"], (state) => languages[magicOf(state.doc)] ?? [])),
    Prec.lowest(language.of(plain)),
  ];
  return {
    id: "underglass:cells",
    description: "Highlights the %%asm and %%go cells of a notebook.",
    autoStart: true,
    requires: [editor.IEditorExtensionRegistry, editor.IEditorLanguageRegistry],
    activate: (_app, editors, known) => {
      known.addLanguage({
        name: "Go assembly",
        alias: ["goasm", "plan9asm"],
        mime: "text/x-goasm",
        extensions: ["s"],
        support: new LanguageSupport(languages.asm[0]),
      });
      editors.addExtension({
        name: "underglass-cells",
        factory: ({ model }) =>
          model.mimeType === MARKDOWN ? null : editor.EditorExtensionRegistry.createImmutableExtension(extensions),
      });
    },
  };
}

// The language that the magics at the top name, if one of them does: %%asm, or %%expect_error and below it %%asm.
function magicOf(doc) {
  for (let number = 1; number <= doc.lines; number++) {
    const text = doc.line(number).text.trim();
    const found = MAGIC.exec(text)?.[1];
    if (found || (text && !text.startsWith("%%"))) return found;
  }
  return undefined;
}
