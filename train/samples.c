#include "train/sample.h"
#include "train/steps.h"
bool step_samples(int argc, char **argv, struct err *err)
{
    (void)argc, (void)argv;
    return err_set(err, "not written yet");
}
bool picture_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index, struct err *err) { (void)s,(void)split,(void)seed,(void)index; return err_set(err,"none"); }
