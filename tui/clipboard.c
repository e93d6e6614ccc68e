#include "tui/clipboard.h"

#include <nettle/base64.h>
#include <stdlib.h>

#include "base/mem.h"

#define OSC_52 "\033]52;c;"
#define BEL    "\007"

bool clipboard_sequence(struct str *out, const char *text, size_t n, bool tmux, struct err *err)
{
    if (n > CLIPBOARD_BYTES)
        return err_set(err, "%zu bytes are more than terminals copy (%d); w writes them to a file",
                       n, CLIPBOARD_BYTES);
    size_t length = BASE64_ENCODE_RAW_LENGTH(n);
    char *code = mem_new(length + 1, 1);
    base64_encode_raw(code, n, (const uint8_t *)text);
    str_printf(out, OSC_52 "%s" BEL, code);
    if (tmux) /* each ESC within is doubled */
        str_printf(out, "\033Ptmux;\033" OSC_52 "%s" BEL "\033\\", code);
    free(code);
    return true;
}
