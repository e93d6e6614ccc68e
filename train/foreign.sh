#!/bin/sh
# Asks the model that ships about pictures that the trainer has not drawn: SVG drawings by librsvg, the same under noise and
# uneven light, and screenshots of terminals. Prints each question with the answer, and how many say what they must.
#   sh train/foreign.sh [FACET [MODEL]]      needs librsvg2-bin
set -u
facet=${1:-build/facet}
model=${2:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

svg() { # name, what is in it
    echo "<svg xmlns='http://www.w3.org/2000/svg' width='800' height='800'><defs>
        <filter id='noise' x='0' y='0' width='1' height='1'><feTurbulence baseFrequency='.8' numOctaves='3' seed='4'/>
        <feColorMatrix values='.9 0 0 0 .1 .9 0 0 0 .1 .9 0 0 0 .1 0 0 0 0 .35'/><feBlend in2='SourceGraphic' mode='multiply'/></filter>
        <linearGradient id='light' x2='1' y2='1'><stop offset='0' stop-color='#fff'/><stop offset='1' stop-color='#999'/></linearGradient></defs>
        <g id='all' $noise><rect width='800' height='800' fill='$ground'/>$2</g></svg>" >"$folder/$1.svg"
    rsvg-convert "$folder/$1.svg" -o "$folder/$1.png"
}

ground=white noise=
svg circle "<circle cx='400' cy='400' r='150' fill='#d22'/>"
svg two "<rect x='80' y='90' width='200' height='200' fill='#22c'/><polygon points='600,480 720,700 480,700' fill='#1a8a1a'/>"
svg three "<circle cx='150' cy='150' r='80' fill='#f80'/><circle cx='640' cy='170' r='80' fill='#f80'/><circle cx='400' cy='620' r='80' fill='#f80'/>"
svg star "<polygon points='400,120 470,320 680,325 512,455 572,660 400,540 228,660 288,455 120,325 330,320' fill='#ec0' stroke='#a80' stroke-width='8'/>"
svg hello "<text x='400' y='430' font-family='FreeSerif' font-size='170' text-anchor='middle'>hello</text>"
svg STOP "<rect x='100' y='250' width='600' height='300' rx='60' fill='#b11'/><text x='400' y='455' font-family='DejaVu Sans' font-weight='bold' font-size='160' fill='white' text-anchor='middle'>STOP</text>"
svg 42 "<text x='400' y='470' font-family='Liberation Mono' font-size='220' text-anchor='middle'>42</text>"
svg house "<rect x='250' y='380' width='300' height='260' fill='#b85'/><polygon points='210,380 400,200 590,380' fill='#a22'/><rect x='360' y='500' width='80' height='140' fill='#542'/>"
ground='url(#light)' noise="filter='url(#noise)'"
svg n-circle "<circle cx='400' cy='400' r='150' fill='#d22'/>"
svg n-two "<rect x='80' y='90' width='200' height='200' fill='#22c'/><polygon points='600,480 720,700 480,700' fill='#1a8a1a'/>"
svg n-three "<circle cx='150' cy='150' r='80' fill='#f80'/><circle cx='640' cy='170' r='80' fill='#f80'/><circle cx='400' cy='620' r='80' fill='#f80'/>"
svg n-hello "<text x='400' y='430' font-family='FreeSerif' font-size='170' text-anchor='middle'>hello</text>"
svg n-STOP "<rect x='100' y='250' width='600' height='300' rx='60' fill='#b11'/><text x='400' y='455' font-family='DejaVu Sans' font-weight='bold' font-size='160' fill='white' text-anchor='middle'>STOP</text>"
svg n-42 "<text x='400' y='470' font-family='Liberation Mono' font-size='220' text-anchor='middle'>42</text>"

n=0
right=0
group=
sum() { [ -z "$group" ] || echo "== $group: $right of $n"; n=0 right=0 group=$1; }
ask() { # picture, question, a word of the answer
    answer=$("$facet" ask -q ${model:+-m "$model"} --temperature 0 -i "$1" "$2" 2>&1 | tr '\n' ' ')
    n=$((n + 1))
    if echo "$answer" | grep -qiw -- "$3"; then right=$((right + 1)) mark=ok; else mark=WRONG; fi
    printf '%-5s %-14s %-34s %s\n' "$mark" "$(basename "$1" .png)" "$2" "$answer"
}
drawn() { # prefix
    ask "$folder/$1circle.png" "What colour is the circle?" red
    ask "$folder/$1circle.png" "What shape do you see?" circle
    ask "$folder/$1two.png" "Which shape is blue?" square
    ask "$folder/$1two.png" "Where is the triangle?" "bottom right"
    ask "$folder/$1two.png" "How many shapes are there?" 2
    ask "$folder/$1three.png" "How many circles are there?" 3
    ask "$folder/$1three.png" "What colour are the circles?" orange
    ask "$folder/$1hello.png" "What does it say?" hello
    ask "$folder/$1STOP.png" "Read the word." stop
    ask "$folder/$142.png" "What number is this?" 42
}
sum "SVG drawings"
drawn ""
ask "$folder/star.png" "What shape is this?" star
ask "$folder/house.png" "What do you see?" house
sum "under noise"
drawn n-
sum "screenshots"
ask man/screenshots/light.png "What is in the picture?" "text\|words\|screen\|window"
ask man/screenshots/conversation.png "How many circles are there?" "0\|no\|none"
sum ""
