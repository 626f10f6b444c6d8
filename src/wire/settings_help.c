#include "wire/settings.h"

#include "base/banned.h"

#define COLUMNS ((size_t)80)

static void add_size(struct buf *buf, uint64_t bytes)
{
    static const char units[] = "kMG";
    size_t unit = 0;
    while (bytes && bytes % 1024 == 0 && units[unit]) {
        bytes /= 1024;
        unit++;
    }
    buf_u64(buf, bytes);
    if (unit)
        buf_char(buf, units[unit - 1]);
}

static void add_time(struct buf *buf, uint64_t time)
{
    const char *unit = "";
    if (time && time % 3600000 == 0) {
        time /= 3600000;
        unit = "h";
    } else if (time && time % 60000 == 0) {
        time /= 60000;
        unit = "min";
    } else if (time && time % 1000 == 0) {
        time /= 1000;
        unit = "s";
    } else if (time) {
        unit = "ms";
    }
    buf_u64(buf, time);
    buf_text(buf, unit);
}

/* "deny|read|write" as "deny, read or write". */
static void add_choices(struct buf *buf, struct str rest)
{
    buf_str(buf, str_cut(rest, '|', &rest));
    while (rest.ptr) {
        struct str word = str_cut(rest, '|', &rest);
        buf_text(buf, rest.ptr ? ", " : " or ");
        buf_str(buf, word);
    }
}

static void add_range(struct buf *buf, const struct option *option,
                      void (*add)(struct buf *buf, uint64_t value))
{
    buf_text(buf, " from ");
    add(buf, option->min);
    buf_text(buf, " to ");
    add(buf, option->max);
}

void settings_takes(struct buf *buf, const struct option *option)
{
    switch (option->type) {
    case OPTION_TEXT:
        buf_text(buf, "a text");
        break;
    case OPTION_SWITCH:
        buf_text(buf, "on or off");
        break;
    case OPTION_CHOICE:
        add_choices(buf, str_from(option->choices));
        break;
    case OPTION_NUMBER:
        buf_text(buf, "a whole number");
        add_range(buf, option, buf_u64);
        break;
    case OPTION_SIZE:
        buf_text(buf, "a size");
        add_range(buf, option, add_size);
        break;
    case OPTION_TIME:
        buf_text(buf, "a time");
        add_range(buf, option, add_time);
        break;
    }
}

/* text in lines of at most COLUMNS, each with indent before it. */
static void wrap(struct buf *buf, struct str indent, struct str text)
{
    size_t column = 0;
    while (text.ptr) {
        struct str word = str_cut(text, ' ', &text);
        if (column && column + 1 + word.len > COLUMNS) {
            buf_char(buf, '\n');
            column = 0;
        }
        if (column) {
            buf_char(buf, ' ');
            column++;
        } else {
            buf_str(buf, indent);
            column = indent.len;
        }
        buf_str(buf, word);
        column += word.len;
    }
    buf_char(buf, '\n');
}

void settings_help(struct buf *buf)
{
    for (const struct option *option = settings_options; option->name; option++) {
        struct str standard = option->standard[0] ? str_from(option->standard) : STR("empty");
        struct buf head;
        buf_init(&head, buf->arena, 1000);
        buf_printf(&head, "%s: ", option->name);
        settings_takes(&head, option);
        buf_printf(&head, " (default: %.*s)", STR_ARG(standard));
        wrap(buf, STR("  "), buf_slice(&head));
        wrap(buf, STR("      "), str_from(option->help));
    }
    buf_text(buf, "\n");
    wrap(buf, STR("  "),
         STR("A size is in bytes, or with k, M or G behind it. A time is in milliseconds, or with "
             "ms, s, min or h behind it."));
}

void settings_sample(struct buf *buf)
{
    wrap(buf, STR("# "),
         STR("Settings of pg409: a line an option, \"name = value\". A line that starts with # is "
             "a comment; take the # away from a line below and change its value. Keep this file "
             "where the web server does not hand it out, and readable to yourself only: it may "
             "hold a password."));
    for (const struct option *option = settings_options; option->name; option++) {
        struct buf takes;
        buf_init(&takes, buf->arena, 1000);
        buf_text(&takes, "Takes ");
        settings_takes(&takes, option);
        buf_char(&takes, '.');
        buf_char(buf, '\n');
        wrap(buf, STR("# "), str_from(option->help));
        wrap(buf, STR("# "), buf_slice(&takes));
        buf_printf(buf, "#%s =%s%s\n", option->name, option->standard[0] ? " " : "",
                   option->standard);
    }
}
