// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/target.h"

#include <array>

namespace postern::config {

namespace {

// Releases in one order: 2012-10-09 is 1009, 5.4.1 is 50401.
constexpr int release(const char* text) {
    int parts[3] = {0, 0, 0};
    bool isDay = false;
    size_t part = 0;
    for (; *text; ++text) {
        isDay = isDay || *text == '-';
        if (*text >= '0' && *text <= '9')
            parts[part] = parts[part] * 10 + (*text - '0');
        else
            ++part;
    }
    return isDay ? parts[1] * 100 + parts[2] : (parts[0] * 100 + parts[1]) * 100 + parts[2];
}
static_assert(release("2012-12-31") < release("5.3") && release("5.9.2") < release("6.0.3"));

// `first` and `last` are the releases that the target stands for: of 2012, whatever any snapshot took.
struct Row {
    Target target;
    const char* name;
    const char* description;
    std::optional<Dialect> dialect;
    int first;
    int last;
};
constexpr auto kRows = std::to_array<Row>({
    {Target::Postern, "postern", "Postern", {}, release("2012-01-01"), release("99.0")},
    {Target::OpenSmtpd2012, "opensmtpd-2012", "OpenSMTPD of 2012", Dialect::Map2012, release("2012-01-01"), release("2012-12-31")},
    {Target::OpenSmtpd59, "opensmtpd-5.9", "OpenSMTPD 5.9", Dialect::Legacy, release("5.9.1"), release("5.9.2")},
    {Target::OpenSmtpd68, "opensmtpd-6.8", "OpenSMTPD 6.8", Dialect::Modern, release("6.8.0"), release("6.8.0")},
    {Target::OpenSmtpd78, "opensmtpd-7.8", "OpenSMTPD 7.8", Dialect::Modern, release("7.8.0"), release("7.8.0")},
});
static_assert([] {
    for (size_t i = 0; i < kRows.size(); ++i) {
        if (size_t(kRows[i].target) != i)
            return false;
    }
    return true;
}());

} // namespace

QByteArrayView toString(Target target) {
    return kRows[size_t(target)].name;
}

QByteArrayView describe(Target target) {
    return kRows[size_t(target)].description;
}

std::optional<Target> targetFromString(QByteArrayView name) {
    for (const Row& row : kRows) {
        if (name == row.name)
            return row.target;
    }
    return std::nullopt;
}

QByteArrayList targetNames() {
    QByteArrayList names;
    for (const Row& row : kRows)
        names.append(row.name);
    return names;
}

std::optional<Dialect> dialectOf(Target target) {
    return kRows[size_t(target)].dialect;
}

Targets targetsWithout(Span span) {
    if (!span.since && !span.until)
        return 0;
    const int since = span.since ? release(span.since) : 0;
    const int until = span.until ? release(span.until) : release(kOwn.since);
    Targets without = 0;
    for (const Row& row : kRows) {
        if (row.last < since || row.first > until)
            without |= in(row.target);
    }
    return without & kReaders;
}

QByteArray describe(Span span) {
    const auto named = [](const char* text) {
        return (QByteArrayView(text).contains('-') ? "the OpenSMTPD of " : "OpenSMTPD ") + QByteArray(text);
    };
    if (QByteArrayView(span.since) == QByteArrayView(kOwn.since))
        return "is Postern's own";
    if (span.since && span.until)
        return "exists from " + named(span.since) + " to " + named(span.until) + " only";
    if (span.since)
        return "exists since " + named(span.since);
    return span.until ? "exists up to " + named(span.until) + " only" : QByteArray();
}

} // namespace postern::config
