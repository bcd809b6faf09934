#include <base/blob.h>

#include <stdlib.h>
#include <string.h>

void blob_free(struct blob *blob)
{
    free(blob->p);
    *blob = (struct blob){0};
}

enum result blob_copy(struct bytes from, struct blob *ret)
{
    struct blob copy = {NULL, from.n};
    if (from.n > 0) {
        copy.p = malloc(from.n);
        if (copy.p == NULL)
            return R_MEMORY;
        memcpy(copy.p, from.p, from.n);
    }
    *ret = copy;
    return OK;
}
