// Runs a fuzz target over its corpus, so that an ordinary test run keeps what fuzzing found.
// usage: replay-NAME FOLDER
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

enum { INPUT_MAX = 1 << 20 };

static int replay(const char *folder, const char *name)
{
    char path[4096];
    // Exactly as large as the input, so that a sanitizer sees the first byte beyond it.
    static uint8_t memory[INPUT_MAX];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t n = fread(memory, 1, sizeof(memory), file);
    fclose(file);
    uint8_t *input = malloc(n > 0 ? n : 1);
    if (!input)
        return 0;
    memcpy(input, memory, n);
    LLVMFuzzerTestOneInput(input, n);
    free(input);
    return 1;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    int count = 0;
    printf("1..1\n");
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            count += replay(argv[1], entry->d_name);
    if (folder)
        closedir(folder);
    printf("%s 1 - %d inputs replayed\n", count > 0 ? "ok" : "not ok", count);
    return count > 0 ? 0 : 1;
}
