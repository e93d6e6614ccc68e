#!/bin/sh
# Draws the pictures of this folder anew (rsvg-convert, DejaVu Sans). They are kept in the repository: facet offers
# them to be asked about.
set -e
cd "$(dirname "$0")"

picture() { # NAME WIDTH HEIGHT, what is on it as SVG on standard input
    { echo "<svg xmlns='http://www.w3.org/2000/svg' width='$2' height='$3'>"; cat; echo '</svg>'; } |
        rsvg-convert -o "$1.png"
}

picture shapes 896 896 <<'END'
<rect width='896' height='896' fill='#f4f1e8'/>
<circle cx='165' cy='165' r='118' fill='#d02020'/>
<rect x='348' y='348' width='200' height='200' fill='#2050c8'/>
<polygon points='627,822 731,616 835,822' fill='#209040'/>
END

picture sign 896 800 <<'END'
<rect width='896' height='800' fill='#b8d4e8'/>
<rect x='138' y='250' width='620' height='300' rx='60' fill='#ffffff'/>
<text x='448' y='458' font-family='DejaVu Sans' font-weight='bold' font-size='170' text-anchor='middle' fill='#202020'>OPEN</text>
END

# Wide: it is also looked at in three crops.
picture label 1200 400 <<'END'
<rect width='1200' height='400' fill='#fffdf4'/>
<g font-family='DejaVu Sans' font-size='150' fill='#202020'>
<text x='200' y='255' text-anchor='middle'>MILK</text><text x='1000' y='255' text-anchor='middle'>1.90</text>
</g>
END

# Four o'clock.
dial() {
    awk 'BEGIN {
        for (i = 1; i <= 12; i++) {
            x = sin(i * atan2(0, -1) / 6); y = -cos(i * atan2(0, -1) / 6); from = i % 3 ? 280 : 262
            printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke-width=\"%d\"/>\n",
                x * from, y * from, x * 298, y * 298, i % 3 ? 8 : 15
            printf "<text x=\"%.1f\" y=\"%.1f\" stroke=\"none\">%d</text>\n", x * 222, y * 222 + 25, i
        }
    }'
}
picture clock 896 896 <<END
<rect width='896' height='896' fill='#e8e4da'/>
<g transform='translate(448 448)' stroke='#141418' fill='#141418' font-family='DejaVu Sans' font-size='68' text-anchor='middle'>
<circle r='330' fill='#fafaf5' stroke='#2050c8' stroke-width='32'/>
$(dial)
<g stroke-linecap='round'>
<line x1='-16' y1='-9' x2='132' y2='76' stroke-width='25'/>
<line x1='0' y1='32' x2='0' y2='-264' stroke-width='15'/>
</g>
</g>
END
