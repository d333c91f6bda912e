// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/queue_access.h"

using namespace Qt::StringLiterals;

namespace postern::ctl {

QString QueueAccess::eachRow(QJsonObject args, const std::function<void(const QJsonObject&)>& take) {
    do {
        const control::Reply reply = ask({"queue.list", args});
        if (!reply.ok)
            return reply.error;
        const QJsonObject page = reply.value.toObject();
        for (const auto& row : page["rows"_L1].toArray())
            take(row.toObject());
        args[u"after"_s] = page["next"_L1];
    } while (args["after"_L1].isString());
    return {};
}

} // namespace postern::ctl
