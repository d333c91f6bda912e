// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/ruleset.h"

namespace postern::policy {

const Pki* Ruleset::pki(QByteArrayView name) const {
    for (const Pki& one : pkis) {
        if (name.compare(one.name, Qt::CaseInsensitive) == 0)
            return &one;
    }
    return nullptr;
}

tables::TablePtr Ruleset::table(QByteArrayView name) const {
    for (const auto* group : {&tables, &inlineTables}) {
        for (const tables::TablePtr& one : *group) {
            if (name == one->name())
                return one;
        }
    }
    return nullptr;
}

QByteArray Ruleset::caFile(QByteArrayView name) const {
    for (const auto& [known, file] : cas) {
        if (name == known)
            return file;
    }
    return {};
}

} // namespace postern::policy
