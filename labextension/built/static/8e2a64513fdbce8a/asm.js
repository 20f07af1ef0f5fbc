// Go assembly for CodeMirror's StreamLanguage, as kernel/lexers.py reads it: a word at the start of a statement
// is an instruction, a directive or a label, and what follows are its operands. Which mnemonics exist is left to
// the toolchain.
//
// Registers: Go 1.27, cmd/internal/obj/x86/list6.go and cmd/asm/internal/arch/arch.go (arm64).
// Flags: runtime/textflag.h. Names: cmd/asm/internal/lex/tokenizer.go.

const name = /^(?:[\p{L}_][\p{L}\p{Nd}_·∕]*|·[\p{L}\p{Nd}_·∕]+)/u;
const register = new RegExp(
  "^(?:[ABCD][XLH]|[SD]IB?|BPB?|SPB|R(?:[12]?[0-9]|30)|R(?:8|9|1[0-5])B|[FVXYZ](?:3[01]|[12]?[0-9])" +
    "|PN?(?:1[0-5]|[0-9])|K[0-7]|M[0-7]|(?:CR|DR|TR)(?:1[0-5]|[0-9])|[CDEFGS]S|[GIL]DTR|MSW|TASK|TLS|RSP|ZR|LR" +
    "|R18_PLATFORM|NZCV|g)(?![\\p{L}\\p{Nd}_·∕(])",
  "u",
);
const pseudo = /^(?:FP|SB|SP|PC)(?![\p{L}\p{Nd}_·∕])/u;
const flag =
  /^(?:NOPROF|DUPOK|NOSPLIT|RODATA|NOPTR|WRAPPER|NEEDCTXT|TLSBSS|NOFRAME|REFLECTMETHOD|TOPFRAME|ABIWRAPPER)(?![\p{L}\p{Nd}_])/u;
const directive = /^(?:TEXT|DATA|GLOBL|PCDATA|FUNCDATA|PCALIGN)(?![\p{L}\p{Nd}_·∕.])/u;
const number = /^(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)/;
const mnemonic = /^[\p{L}_][\p{L}\p{Nd}_·∕.]*/u;

function token(stream, state) {
  if (state.comment) {
    state.comment = !stream.match(/^.*?\*\//);
    if (state.comment) stream.skipToEnd();
    return "comment";
  }
  if (stream.sol()) {
    if (state.magic && stream.match(/^\s*%%.*/)) return "meta";
    state.magic = false;
    if (!state.goesOn) state.inOperands = state.defines = false;
    state.goesOn = false;
  }
  if (stream.eatSpace()) return null;
  if (stream.match(/^\/\/.*/)) return "comment";
  if (stream.match("/*")) {
    state.comment = true;
    return "comment";
  }
  if (stream.match(/^\\$/)) {
    state.goesOn = true;
    return "operator";
  }
  if (stream.eat(";")) {
    state.inOperands = state.defines = false;
    return null;
  }
  return state.inOperands ? operand(stream, state) : statement(stream, state);
}

function statement(stream, state) {
  if (stream.match(/^#\s*include\b/)) {
    state.inOperands = true;
    return "meta";
  }
  // The body of a #define is assembly; its name and parameters are the preprocessor's.
  if (stream.match(/^#\s*define\s+[\p{L}_][\p{L}\p{Nd}_]*(?:\([^)]*\))?/u)) return "meta";
  if (stream.match(/^#.*?(?=\\?$)/)) return "meta";
  if (stream.match(/^[\p{L}_·][\p{L}\p{Nd}_·∕]*(?=\s*:)/u)) return "labelName";
  if (stream.match(directive)) {
    state.inOperands = state.defines = true;
    return "definitionKeyword";
  }
  if (stream.match(mnemonic)) {
    state.inOperands = true;
    return "keyword";
  }
  state.inOperands = true; // a macro's value: (1 << 0)
  return operand(stream, state);
}

function operand(stream, state) {
  if (stream.match(/^"(?:\\.|[^"\\])*"?/) || stream.match(/^'(?:\\.|[^'\\])+'?/)) return "string";
  if (stream.match(/^<ABI(?:0|Internal)>/)) return "attributeName";
  if (stream.match(pseudo)) return "string.special"; // not the machine's: it must not look like AX
  if (stream.match(register)) {
    stream.match(/^\.[BHSDQ]\d{0,2}(?![\p{L}\p{Nd}_])/u); // arm64's lanes: V0.B16
    return "variableName.special";
  }
  if (stream.match(flag)) return "attributeName";
  if (stream.match(number)) return "number";
  if (stream.match(name)) {
    const defines = state.defines;
    state.defines = false;
    return defines ? "variableName.definition" : "variableName";
  }
  if (stream.match(/^(?:<<|>>|->|@>|<>|[$+\-*/&|^~%])/)) return "operator";
  stream.next();
  return null;
}

export const asm = {
  name: "goasm",
  startState: () => ({ magic: true, comment: false, goesOn: false, inOperands: false, defines: false }),
  copyState: (state) => ({ ...state }),
  token,
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } } },
};
