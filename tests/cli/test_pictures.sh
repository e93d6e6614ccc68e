# tests/data: one scene in every format. Each is what rgb.png is, but for what its format loses.
data=$here/../data

# The mean difference of two PPMs of one size, in grey levels.
difference() {
    od -An -v -tu1 -w1 "$1" >a.txt
    od -An -v -tu1 -w1 "$2" | paste a.txt - | awk '{d += $1 > $2 ? $1 - $2 : $2 - $1} END {printf "%.0f\n", d / NR}'
}

# scene FILE SIZE MOST: it has that size, and differs by at most so much.
scene() {
    facet inspect pixels "$data/$1" -o whole.ppm
    check "$1: size" test "$(head -n 2 whole.ppm | tail -n 1)" = "$2"
    facet inspect pixels --size 16 "$data/$1" -o this.ppm
    check "$1: the scene" test "$(difference this.ppm scene.ppm)" -le "$3"
}

facet inspect pixels --size 16 "$data/rgb.png" -o scene.ppm
for file in baseline.jpg progressive.jpg rotated.jpg interlaced.png; do
    scene "$file" "96 64" 2
done
for file in palette.png lossy.webp animated.gif interlaced.gif runs.bmp cmyk.jpg; do
    scene "$file" "96 64" 3
done
for file in 16bit.png rgb.bmp rgb.ppm animated.webp; do
    scene "$file" "48 32" 4
done
scene wide.png "1200 300" 3
scene words.ppm "8 6" 10
scene grey.jpg "96 64" 30
for file in alpha.png lossless.webp; do
    scene "$file" "96 64" 45
    facet inspect pixels "$data/$file" -o this.ppm
    check "$file: white where nothing is" test "$(tail -c +14 this.ppm | od -An -tu1 -N3 | tr -d ' ')" = 255255255
done
scene bilevel.png "96 64" 75
facet inspect crops "$data/wide.png"
check "wide.png: four crops" grep -qx '\[\[0,0,300,300\],.*,\[900,0,300,300\]\]' out

facet inspect prompt -m "$TINY" --json -i "$data/rgb.png@10,20,40,30" what
check "a region: the whole, and it as a crop" grep -q '"crops": *\[\[10, *20, *40, *30\]\]' out
check "a region: two views" grep -q '"views": *2' out
facet ask -m "$TINY" -i "$data/rgb.png@10,20,400,30" what
check "a region outside: told" code_is 1
check "a region outside: in one line" is_one_error
