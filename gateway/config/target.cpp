// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/target.h"

#include <array>

namespace postern::config {

namespace {

struct Row {
    Target target;
    const char* name;
    const char* description;
    std::optional<Dialect> dialect;
};
constexpr auto kRows = std::to_array<Row>({
    {Target::Postern, "postern", "Postern", {}},
    {Target::OpenSmtpd2012, "opensmtpd-2012", "OpenSMTPD of 2012", Dialect::Map2012},
    {Target::OpenSmtpd59, "opensmtpd-5.9", "OpenSMTPD 5.9", Dialect::Legacy},
    {Target::OpenSmtpd68, "opensmtpd-6.8", "OpenSMTPD 6.8", Dialect::Modern},
    {Target::OpenSmtpd78, "opensmtpd-7.8", "OpenSMTPD 7.8", Dialect::Modern},
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

} // namespace postern::config
