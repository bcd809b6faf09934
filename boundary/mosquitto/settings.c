#include <broker/settings.h>

#include <base/blob.h>
#include <base/file.h>
#include <base/text.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- options --------------------------------------------------------------------------------- */

struct place {
    const char *name;
    char *to;
    size_t size;
};

static const char *const names[] = {"state", "service", "product", "config"};

static struct place place_of(struct broker_settings *settings, size_t i)
{
    const struct place places[] = {
        {names[0], settings->state, sizeof settings->state},
        {names[1], settings->service, sizeof settings->service},
        {names[2], settings->product, sizeof settings->product},
        {names[3], settings->config, sizeof settings->config},
    };
    return places[i];
}

enum result broker_option(struct broker_settings *settings, const char *name, const char *value,
                          struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        struct place place = place_of(settings, i);
        if (strcmp(place.name, name) != 0)
            continue;
        if (place.to[0] != '\0')
            return err_set(err, E_SYNTAX, "plugin_opt_%s stands twice", name);
        if (!text_copy(text_bytes(value), place.to, place.size) || place.to[0] == '\0')
            return err_set(err, E_SYNTAX, "plugin_opt_%s has %zu octets, wanted 1 to %zu", name,
                           strlen(value), place.size - 1);
        return OK;
    }
    return err_set(err, E_SYNTAX,
                   "there is no plugin_opt_%s; wanted: state, service, product, config",
                   err_value(text_bytes(name)).text);
}

enum result broker_settings_check(const struct broker_settings *settings, struct err *err)
{
    if (settings->state[0] == '\0')
        return err_set(err, E_SYNTAX, "plugin_opt_state is missing: the folder of this boundary");
    if (settings->service[0] == '\0')
        return err_set(err, E_SYNTAX,
                       "plugin_opt_service is missing: the service that this broker is");
    return OK;
}

/* ---- the broker's own configuration ---------------------------------------------------------- */

static const char *const bypasses[] = {"use_identity_as_username", "use_subject_as_username"};

static bool is_space(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r';
}

/* One word, cut off the line. */
static struct bytes cut_word(struct bytes *line)
{
    size_t from = 0;
    while (from < line->n && is_space(line->p[from]))
        from++;
    size_t to = from;
    while (to < line->n && !is_space(line->p[to]))
        to++;
    struct bytes word = bytes_of(line->p + from, to - from);
    *line = bytes_of(line->p + to, line->n - to);
    return word;
}

static struct bytes cut_line(struct bytes *rest)
{
    const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    struct bytes line = bytes_of(rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n);
    size_t gone = line.n + (end != NULL);
    *rest = bytes_of(rest->p + gone, rest->n - gone);
    return line;
}

static bool is_word(struct bytes word, const char *wanted)
{
    return bytes_equal(word, text_bytes(wanted));
}

/* Whatever is not "false" may be on. */
static enum result check_line(const char *name, size_t number, struct bytes key, struct bytes value,
                              struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(bypasses); i++)
        if (is_word(key, bypasses[i]) && !is_word(value, "false"))
            return err_set(err, E_CONFLICT,
                           "%s line %zu: %s %s: the broker then asks no plugin who may connect; "
                           "wanted: false, or no such line",
                           name, number, bypasses[i], err_value(value).text);
    return OK;
}

/* The broker takes all that is left of the line. */
static enum result take_value(const char *name, size_t number, struct bytes line,
                              broker_take_folder take, struct err *err)
{
    char path[BROKER_PATH_MAX];
    while (line.n > 0 && is_space(line.p[0]))
        line = bytes_slice(line, 1, line.n);
    while (line.n > 0 && is_space(line.p[line.n - 1]))
        line = bytes_slice(line, 0, line.n - 1);
    if (!text_copy(line, path, sizeof path))
        return err_set(err, E_SYNTAX, "%s line %zu: a path of %zu octets, %d are the most", name,
                       number, line.n, BROKER_PATH_MAX - 1);
    return take(path, err);
}

enum result broker_config_check(const char *name, struct bytes text, broker_take_folder take,
                                struct err *err)
{
    size_t number = 0;
    while (text.n > 0) {
        struct bytes line = cut_line(&text);
        struct bytes key = cut_word(&line), rest = line, value = cut_word(&line);
        number++;
        TRY(check_line(name, number, key, value, err));
        if (is_word(key, "include_dir") && take != NULL)
            TRY(take_value(name, number, rest, take, err));
    }
    return OK;
}

static enum result check_file(const char *path, broker_take_folder take, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    TRY(file_read(path, BROKER_CONFIG_MAX, &text, err));
    return broker_config_check(path, blob_bytes(&text), take, err);
}

static bool is_configuration(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

static void dir_closep(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* The broker takes no include_dir from a file of an include_dir. */
static enum result check_folder(const char *path, struct err *err)
{
    CLEANUP(dir_closep) DIR *dir = opendir(path);
    const struct dirent *entry;
    char file[2 * BROKER_PATH_MAX];
    if (dir == NULL)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    for (int n = 0; (entry = readdir(dir)) != NULL; n++) {
        if (n == BROKER_FILES_MAX)
            return err_set(err, E_TOO_LARGE, "%s: more than %d files", path, BROKER_FILES_MAX);
        if (!is_configuration(entry->d_name))
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        TRY(check_file(file, NULL, err));
    }
    return OK;
}

/* A file that has no size. */
static enum result read_command_line(char *ret, size_t size, size_t *ret_n, struct err *err)
{
    CLEANUP(fd_closep) int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, ret, size) : -1;
    if (n < 0)
        return err_set(err, E_IO, "/proc/self/cmdline: %s", strerror(errno));
    *ret_n = (size_t)n;
    return OK;
}

/* The broker's -c FILE, or --config-file FILE. */
static enum result find_file(char ret[BROKER_PATH_MAX], struct err *err)
{
    char line[4096];
    size_t n = 0;
    bool is_next = false;
    TRY(read_command_line(line, sizeof line, &n, err));
    for (size_t at = 0, word_n = 0; at < n; at += word_n + 1) {
        word_n = strnlen(line + at, n - at);
        struct bytes word = bytes_of(line + at, word_n);
        if (is_next && text_copy(word, ret, BROKER_PATH_MAX))
            return OK;
        is_next = is_word(word, "-c") || is_word(word, "--config-file");
    }
    return err_set(err, E_NOT_FOUND,
                   "the broker's command line names no file; wanted: plugin_opt_config FILE");
}

enum result broker_config_check_files(const struct broker_settings *settings, struct err *err)
{
    char path[BROKER_PATH_MAX];
    if (settings->config[0] != '\0')
        (void)text_copy(text_bytes(settings->config), path, sizeof path);
    else
        TRY(find_file(path, err));
    return check_file(path, check_folder, err);
}
