// Go for CodeMirror's StreamLanguage: the lexical elements of the Go specification, and its predeclared names.

const keywords = words(
  "break case chan const continue default defer else fallthrough for func go goto if import interface map " +
    "package range return select struct switch type var",
);
const constants = words("true false iota nil");
const predeclared = words(
  "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string " +
    "uint uint8 uint16 uint32 uint64 uintptr append cap clear close complex copy delete imag len make max min " +
    "new panic print println real recover",
);
const name = /^[\p{L}_][\p{L}\p{Nd}_]*/u;
const number =
  /^(?:0[xX][\da-fA-F_.]+(?:[pP][+-]?\d+)?|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)i?/;

function words(text) {
  return new Set(text.split(" "));
}

function token(stream, state) {
  if (state.inside) return goOn(stream, state);
  if (stream.sol()) {
    if (state.magic && stream.match(/^\s*%%.*/)) return "meta";
    state.magic = false;
  }
  if (stream.eatSpace()) return null;
  if (stream.match(/^\/\/.*/)) return "comment";
  if (stream.match("/*")) {
    state.inside = "comment";
    return "comment";
  }
  if (stream.eat("`")) {
    state.inside = "string";
    return "string";
  }
  if (stream.match(/^"(?:\\.|[^"\\])*"?/) || stream.match(/^'(?:\\.|[^'\\])*'?/)) return "string";
  if (stream.match(number)) return "number";
  if (stream.match(name)) return word(stream, state);
  if (stream.match(/^[()[\]{}]/)) {
    const bracket = stream.current();
    state.depth = Math.max(0, state.depth + ("([{".includes(bracket) ? 1 : -1));
    return null;
  }
  if (stream.match(/^(?::=|[+\-*/%&|^<>=!~]+)/)) return "operator";
  stream.next();
  return null;
}

// A comment or a raw string that began on an earlier line.
function goOn(stream, state) {
  const kind = state.inside;
  const ends = kind === "comment" ? stream.match(/^.*?\*\//) : stream.match(/^[^`]*`/);
  if (ends) state.inside = null;
  else stream.skipToEnd();
  return kind;
}

function word(stream, state) {
  const text = stream.current();
  const defines = state.defines;
  state.defines = text === "func" || text === "type";
  if (keywords.has(text)) return text === "func" || text === "type" ? "definitionKeyword" : "keyword";
  if (defines) return "variableName.definition";
  if (constants.has(text)) return "atom";
  return predeclared.has(text) ? "variableName.standard" : "variableName";
}

export const go = {
  name: "go",
  startState: () => ({ magic: true, inside: null, depth: 0, defines: false }),
  copyState: (state) => ({ ...state }),
  token,
  indent: (state, after, context) =>
    state.inside ? null : Math.max(0, state.depth - (/^\s*[)\]}]/.test(after) ? 1 : 0)) * context.unit,
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", '"', "`"] },
    indentOnInput: /^\s*[)\]}]$/,
  },
};
