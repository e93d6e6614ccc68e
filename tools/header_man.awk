# Turns a C header into the body of a manual page: sections, then each declaration with the comment
# that stands before it.
function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/…/, "\\\\\\&...", text)
    gsub(/×/, "\\(mu", text)
    gsub(/≤/, "\\(<=", text)
    gsub(/▁/, "\\[u2581]", text)
    return text ~ /^[.']/ ? "\\&" text : text
}
function flush() {
    if (code != "")
        printf ".PP\n.nf\n%s.fi\n", code
    if (words != "")
        printf code != "" ? ".RS\n%s.RE\n" : ".PP\n%s", words
    code = words = ""
}
/^\/\* ---- / {
    flush()
    gsub(/^\/\* ---- | -+ \*\/$/, "")
    print ".SS \"" escape($0) "\""
    started = 1
    next
}
!started || /^#/ || /^}$/ { next }
/^\/\*/ { flush(); comment = 1 }
comment {
    ended = /\*\//
    gsub(/^(\/\*| \*)|\*\/ *$/, "")
    sub(/^ +/, "")
    if ($0 != "")
        words = words escape($0) "\n"
    if (ended)
        comment = 0
    next
}
/^$/ { flush(); next }
{ code = code escape($0) "\n" }
END { flush() }
