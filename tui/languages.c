#include "tui/languages.h"

#define C_COMMENTS                                                                                 \
    .line_comments = {"//"}, .comment_open = "/*", .comment_close = "*/"
#define C_QUOTES                                                                                   \
    .quotes = {{.mark = "\""}, {.mark = "'"}}

const struct language languages[] = {
    {
        .names = " c h cpp c++ cc cxx hpp cuda cu objc glsl ",
        .keywords =
            " alignas alignof auto bool break case catch char class const consteval constexpr "
            "continue default delete do double else enum explicit export extern false final float "
            "for friend goto if inline int int8_t int16_t int32_t int64_t long mutable namespace "
            "new noexcept nullptr NULL operator override private protected public register "
            "restrict return short signed size_t sizeof ssize_t static static_assert struct switch "
            "template this throw true try typedef typename uint8_t uint16_t uint32_t uint64_t "
            "union unsigned using virtual void volatile while ",
        C_COMMENTS,
        C_QUOTES,
        .sigil = '#',
    },
    {
        .names = " python py python3 py3 pycon ",
        .keywords = " and as assert async await break case class continue def del elif else except "
                    "False finally for from global if import in is lambda match None nonlocal not "
                    "or pass raise return self True try while with yield ",
        .line_comments = {"#"},
        .quotes = {{.mark = "\"\"\"", .lines = true},
                   {.mark = "'''", .lines = true},
                   {.mark = "\""},
                   {.mark = "'"}},
        .sigil = '@',
    },
    {
        .names = " javascript js jsx mjs typescript ts tsx node ",
        .keywords =
            " abstract any as async await boolean break case catch class const constructor "
            "continue declare default delete do else enum export extends false finally for from "
            "function get if implements import in instanceof interface keyof let namespace never "
            "new null number of private protected public readonly return set static string super "
            "switch this throw true try type typeof undefined unknown var void while yield ",
        C_COMMENTS,
        .quotes = {{.mark = "`", .lines = true}, {.mark = "\""}, {.mark = "'"}},
        .sigil = '@',
    },
    {
        .names = " shell sh bash zsh console shellscript fish ",
        .keywords = " alias break case cd continue declare do done echo elif else esac eval exec "
                    "exit export fi for function if in local printf read readonly return select "
                    "set shift source test then trap unset until while ",
        .line_comments = {"#"},
        .quotes = {{.mark = "\"", .lines = true}, {.mark = "'", .raw = true, .lines = true}},
        .sigil = '$',
        .spaced = true,
    },
    {
        .names = " rust rs ",
        .keywords =
            " as async await bool box break char const continue crate dyn else enum Err extern f32 "
            "f64 false fn for i128 i16 i32 i64 i8 if impl in isize let loop match mod move mut "
            "None Ok Option pub ref Result return self Self Some static str String struct super "
            "trait true type u128 u16 u32 u64 u8 union unsafe use usize Vec where while ",
        C_COMMENTS,
        .quotes = {{.mark = "\"", .lines = true}},
    },
    {
        .names = " go golang ",
        .keywords =
            " any bool break byte case chan const continue default defer else error fallthrough "
            "false float32 float64 for func go goto if import int int32 int64 interface iota map "
            "nil package range return rune select string struct switch true type uint uint32 "
            "uint64 uint8 var ",
        C_COMMENTS,
        .quotes = {{.mark = "`", .raw = true, .lines = true}, {.mark = "\""}, {.mark = "'"}},
    },
    {
        .names = " java kotlin kt scala csharp cs c# swift ",
        .keywords =
            " abstract assert boolean break byte case catch char class const continue default do "
            "double else enum extends false final finally float for fun func if implements import "
            "in instanceof int interface internal let long namespace native new null object "
            "override package private protected public record return sealed short static string "
            "String struct super switch synchronized this throw throws true try using val var void "
            "volatile when while ",
        C_COMMENTS,
        .quotes = {{.mark = "\"\"\"", .lines = true}, {.mark = "\""}, {.mark = "'"}},
        .sigil = '@',
    },
    {
        .names = " sql sqlite mysql postgresql postgres plsql ",
        .keywords =
            " add all alter and as asc autoincrement begin between by case check column commit "
            "constraint create cross database default delete desc distinct drop else end exists "
            "false foreign from full group having if in index inner insert integer into is join "
            "key left like limit not null offset on or order outer over partition primary real "
            "references replace right rollback select set table text then transaction true union "
            "unique update using values varchar view when where with ",
        .line_comments = {"--"},
        .comment_open = "/*",
        .comment_close = "*/",
        .quotes = {{.mark = "'", .raw = true, .lines = true}, {.mark = "\"", .raw = true}},
        .any_case = true,
    },
    {
        .names = " json jsonc json5 jsonl ",
        .keywords = " false null true ",
        C_COMMENTS,
        .quotes = {{.mark = "\""}},
        .keys = true,
    },
    {
        .names = " yaml yml toml ini conf dockerfile ",
        .keywords = " false no null off on true yes ",
        .line_comments = {"#"},
        .quotes = {{.mark = "\""}, {.mark = "'", .raw = true}},
        .dashes = true,
        .keys = true,
        .spaced = true,
    },
    {
        .names = " html xml svg xhtml vue htm ",
        .keywords = " ",
        .comment_open = "<!--",
        .comment_close = "-->",
        .quotes = {{.mark = "\"", .raw = true, .lines = true},
                   {.mark = "'", .raw = true, .lines = true}},
        .dashes = true,
        .tags = true,
    },
    {
        .names = " css scss less ",
        .keywords = " auto block flex grid inherit initial none ",
        .comment_open = "/*",
        .comment_close = "*/",
        .quotes = {{.mark = "\""}, {.mark = "'"}},
        .sigil = '@',
        .dashes = true,
        .keys = true,
    },
    {
        .names = " makefile make mk cmake ",
        .keywords = " define else endef endif export ifdef ifeq ifndef ifneq include override "
                    "unexport ",
        .line_comments = {"#"},
        .quotes = {{.mark = "\""}},
        .dashes = true,
        .keys = true,
    },
    {.names = " diff patch ", .keywords = " ", .patch = true},
};
const size_t n_languages = sizeof languages / sizeof languages[0];
