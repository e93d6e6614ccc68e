#!/bin/sh
# Draws the pictures of this folder anew (ImageMagick 6 or 7, img2webp): the same scene, stored in many ways.
# The files are kept in the repository, so that no test needs these programs.
set -e
cd "$(dirname "$0")"
scene=$(mktemp -d)
trap 'rm -rf "$scene"' EXIT
convert="${CONVERT:-convert} +set date:create +set date:modify +set date:timestamp"

# A sky that darkens, a red disc to the left, a green triangle to the right: it shows which side is up.
$convert -size 96x64 'gradient:#f0e0a0-#3060c0' -fill '#c03030' -draw 'circle 30,36 44,36' \
    -fill '#208040' -draw 'polygon 60,54 76,20 92,54' "$scene/large.png"
$convert "$scene/large.png" -filter triangle -resize 48x32! "$scene/small.png"
$convert "$scene/small.png" -flop "$scene/mirrored.png"

$convert "$scene/large.png" -strip png24:rgb.png
$convert "$scene/large.png" -strip +dither -colors 16 png8:palette.png
$convert "$scene/small.png" -strip -depth 16 -evaluate add 0.1% png48:16bit.png
$convert "$scene/large.png" -strip -interlace PNG png24:interlaced.png
$convert "$scene/large.png" -strip -alpha set -channel A -fx '(i-48)^2+(j-32)^2<900?1:i/w/2' png32:alpha.png
$convert "$scene/large.png" -strip -colorspace gray -monochrome -depth 1 -type bilevel png:bilevel.png
$convert "$scene/large.png" -strip +dither -colors 16 -filter point -resize 1200x300! png8:wide.png

$convert "$scene/large.png" -strip -quality 85 -interlace none baseline.jpg
$convert "$scene/large.png" -strip -quality 85 -interlace JPEG progressive.jpg
$convert "$scene/large.png" -strip -quality 85 -colorspace gray grey.jpg
$convert "$scene/large.png" -strip -quality 85 -colorspace CMYK cmyk.jpg

# Stored lying on its side; EXIF (big-endian, one tag: orientation 6) turns it upright.
$convert "$scene/large.png" -strip -rotate -90 -quality 85 "$scene/lying.jpg"
{
    head -c 2 "$scene/lying.jpg"
    printf '\377\341\000\042Exif\000\000MM\000\052\000\000\000\010\000\001'
    printf '\001\022\000\003\000\000\000\001\000\006\000\000\000\000\000\000'
    tail -c +3 "$scene/lying.jpg"
} >rotated.jpg

$convert "$scene/large.png" -strip -quality 75 lossy.webp
$convert alpha.png -strip -define webp:lossless=true lossless.webp
img2webp -loop 0 -lossy -d 200 "$scene/small.png" "$scene/mirrored.png" -o animated.webp >/dev/null 2>&1

$convert -delay 20 "$scene/large.png" \( "$scene/large.png" -flop \) -strip +dither -colors 32 -layers optimize animated.gif
$convert "$scene/large.png" -strip +dither -colors 32 -interlace GIF interlaced.gif

$convert "$scene/small.png" -strip bmp3:rgb.bmp
$convert "$scene/large.png" -strip +dither -colors 16 -type palette -compress RLE bmp3:runs.bmp
$convert "$scene/small.png" -strip -depth 8 ppm:rgb.ppm
$convert "$scene/small.png" -strip -resize 8x6! -depth 8 -compress none ppm:words.ppm
