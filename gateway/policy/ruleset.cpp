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
    for (const Ca& one : cas) {
        if (name == one.name)
            return one.file;
    }
    return {};
}

QByteArrayView toString(Method method) {
    switch (method) {
    case Method::Relay:
        return "relay";
    case Method::Catch:
        return "catch";
    case Method::Mbox:
        return "mbox";
    case Method::Maildir:
        return "maildir";
    case Method::Mda:
        return "mda";
    case Method::Lmtp:
        return "lmtp";
    case Method::ExpandOnly:
        return "expand-only";
    case Method::ForwardOnly:
        return "forward-only";
    }
    return "";
}

std::optional<Method> methodFromString(QByteArrayView word) {
    for (const Method method : {Method::Relay, Method::Catch, Method::Mbox, Method::Maildir, Method::Mda, Method::Lmtp,
                                Method::ExpandOnly, Method::ForwardOnly}) {
        if (toString(method) == word)
            return method;
    }
    return std::nullopt;
}

} // namespace postern::policy
