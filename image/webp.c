/* WebP by libwebp. Stills and animations go the same way: the demuxer finds the first frame, which
 * is decoded by itself and put in its place on the canvas. (WebPAnimDecoder would give the same,
 * but keeps two canvases of 4 bytes a pixel.) */
#include "image/formats.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "base/mem.h"
#include "image/orient.h"

struct frame {
    uint32_t width, height;
    uint32_t n_rows; /* of them decoded */
    size_t channels; /* 3 or 4 */
    uint8_t *pixels; /* [height][width][channels] */
};

static const char *status_text(VP8StatusCode status)
{
    switch (status) {
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return "the file is cut off";
    case VP8_STATUS_OUT_OF_MEMORY:
        return "no memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return "it uses a feature that is not known";
    default:
        return "the picture data is damaged";
    }
}

/* The incremental decoder, because it tells how far it came in what is cut off or damaged. */
static VP8StatusCode decode_rows(struct frame *f, const WebPData *data, WebPDecoderConfig *config)
{
    config->output.colorspace = f->channels == 4 ? MODE_RGBA : MODE_RGB;
    config->output.is_external_memory = 1;
    config->output.u.RGBA.rgba = f->pixels;
    config->output.u.RGBA.stride = (int)(f->width * f->channels);
    config->output.u.RGBA.size = (size_t)f->width * f->height * f->channels;
    WebPIDecoder *decoder = WebPIDecode(NULL, 0, config);
    if (!decoder)
        return VP8_STATUS_OUT_OF_MEMORY;
    VP8StatusCode status = WebPIUpdate(decoder, data->bytes, data->size);
    int last_row = 0;
    if (WebPIDecGetRGB(decoder, &last_row, NULL, NULL, NULL) && last_row > 0)
        f->n_rows = (uint32_t)last_row;
    if (status == VP8_STATUS_OK)
        f->n_rows = f->height;
    WebPIDelete(decoder);
    return status;
}

static bool decode_frame(struct frame *f, const WebPIterator *it, const struct source *src,
                         struct image_facts *facts, struct err *err)
{
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    VP8StatusCode status = WebPGetFeatures(it->fragment.bytes, it->fragment.size, &config.input);
    if (status != VP8_STATUS_OK)
        return err_set(err, "%s", status_text(status));
    f->width = (uint32_t)config.input.width;
    f->height = (uint32_t)config.input.height;
    f->channels = config.input.has_alpha ? 4 : 3;
    if (!source_judge(src, f->width, f->height, err))
        return false;
    f->pixels = mem_try((size_t)f->width * f->height, f->channels, "frame", err);
    if (!f->pixels)
        return false;
    status = decode_rows(f, &it->fragment, &config);
    if (f->n_rows == 0)
        return err_set(err, "%s", status_text(status));
    if (status != VP8_STATUS_OK)
        facts_warn(facts, "%s: what is missing is white", status_text(status));
    return true;
}

static void put_pixels(uint8_t *rgb, const uint8_t *from, size_t n, size_t channels)
{
    if (channels == 3) {
        memcpy(rgb, from, n * 3);
        return;
    }
    for (size_t i = 0; i < n; i++, rgb += 3, from += 4)
        for (int c = 0; c < 3; c++)
            rgb[c] = on_white(from[c], from[3]);
}

static bool place(struct image *out, const struct frame *f, uint32_t x, uint32_t y, struct err *err)
{
    if (x >= out->width || y >= out->height)
        return err_set(err, "the first frame lies outside the picture");
    size_t n = f->width < out->width - x ? f->width : out->width - x;
    for (uint32_t k = 0; k < f->n_rows && k < out->height - y; k++)
        put_pixels(image_row(out, y + k) + (size_t)x * 3,
                   f->pixels + (size_t)k * f->width * f->channels, n, f->channels);
    return true;
}

static void note_facts(struct image_facts *facts, const WebPDemuxer *demuxer)
{
    facts->animated = WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS) & ANIMATION_FLAG;
    WebPChunkIterator chunk;
    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        facts->orientation = exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
}

static bool decode_first(struct image *out, struct image_facts *facts, const struct source *src,
                         const WebPDemuxer *demuxer, struct err *err)
{
    uint32_t width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    uint32_t height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    WebPIterator it;
    struct frame f = {0};
    if (!source_judge(src, width, height, err))
        return false;
    if (!WebPDemuxGetFrame(demuxer, 1, &it))
        return err_set(err, "the file is cut off before the picture, or has none");
    bool ok = decode_frame(&f, &it, src, facts, err) &&
              source_canvas(src, width, height, out, err) &&
              place(out, &f, (uint32_t)it.x_offset, (uint32_t)it.y_offset, err);
    facts->had_alpha = f.channels == 4;
    free(f.pixels);
    WebPDemuxReleaseIterator(&it);
    return ok;
}

bool webp_decode(struct image *out, struct image_facts *facts, const struct source *src,
                 struct err *err)
{
    WebPData data = {src->bytes, src->size};
    WebPDemuxState state;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    if (!demuxer)
        return err_set(err, state == WEBP_DEMUX_PARSE_ERROR ? "the file is damaged"
                                                            : "the file is cut off");
    note_facts(facts, demuxer);
    bool ok = decode_first(out, facts, src, demuxer, err);
    WebPDemuxDelete(demuxer);
    return ok;
}
