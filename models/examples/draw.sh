#!/bin/sh
# Draws the pictures of this folder anew (rsvg-convert, DejaVu Sans). They are kept in the repository: facet offers
# them to be asked about.
set -e
cd "$(dirname "$0")"

picture() { # NAME WIDTH HEIGHT, what is on it as SVG on standard input
    { echo "<svg xmlns='http://www.w3.org/2000/svg' width='$2' height='$3'>"; cat; echo '</svg>'; } |
        rsvg-convert -o "$1.png"
}

picture shapes 640 480 <<'END'
<rect width='640' height='480' fill='#f4f1e8'/>
<circle cx='130' cy='240' r='90' fill='#d02020'/>
<rect x='250' y='160' width='150' height='160' fill='#2050c8'/>
<polygon points='430,325 520,145 610,325' fill='#209040'/>
END

picture sign 640 480 <<'END'
<rect width='640' height='480' fill='#b8d4e8'/>
<rect x='305' y='300' width='30' height='180' fill='#806040'/>
<rect x='110' y='110' width='420' height='200' rx='24' fill='#ffffff' stroke='#303030' stroke-width='10'/>
<text x='320' y='253' font-family='DejaVu Sans' font-weight='bold' font-size='120' text-anchor='middle' fill='#202020'>OPEN</text>
END

picture label 1200 400 <<'END'
<rect width='1200' height='400' fill='#fffdf4'/>
<rect x='14' y='14' width='1172' height='372' fill='none' stroke='#404040' stroke-width='6'/>
<g font-family='DejaVu Sans' font-size='76' fill='#202020'>
<text x='60' y='135'>Bread</text><text x='1140' y='135' text-anchor='end'>4.60</text>
<text x='60' y='235'>Milk</text><text x='1140' y='235' text-anchor='end'>1.90</text>
<text x='60' y='345' font-weight='bold'>TOTAL</text><text x='1140' y='345' text-anchor='end' font-weight='bold'>6.50</text>
</g>
<line x1='60' y1='262' x2='1140' y2='262' stroke='#404040' stroke-width='4'/>
END

# Four o'clock.
picture clock 480 480 <<'END'
<rect width='480' height='480' fill='#e8e4da'/>
<circle cx='240' cy='240' r='200' fill='#ffffff' stroke='#303030' stroke-width='12'/>
<g font-family='DejaVu Sans' font-size='44' text-anchor='middle' fill='#202020'>
<text x='240' y='96'>12</text><text x='394' y='255'>3</text><text x='240' y='414'>6</text><text x='86' y='255'>9</text>
</g>
<g stroke='#202020' stroke-linecap='round'>
<line x1='240' y1='240' x2='337' y2='296' stroke-width='16'/><line x1='240' y1='240' x2='240' y2='112' stroke-width='10'/>
</g>
<circle cx='240' cy='240' r='12' fill='#d02020'/>
END
