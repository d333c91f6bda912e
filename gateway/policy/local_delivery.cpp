// SPDX-License-Identifier: GPL-3.0-or-later
//
// LocalDelivery to bytes and back: what an envelope of an accept/reject or 2012 rule keeps of its rule. As RelaySpec's.
#include "policy/ruleset.h"
#include "policy/values.h"

#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace postern::policy {
namespace {

constexpr int kVersion = 1;

Error damaged(const char* what) {
    return {ErrorCode::Corrupt, QByteArray("the delivery kept with this message can't be read: ") + what, Permanence::Temporary};
}

} // namespace

QByteArray LocalDelivery::toBytes(Era era) const {
    QJsonObject object{{u"v"_s, kVersion}, {u"era"_s, int(era)}};
    if (!target.isEmpty())
        object.insert(u"target"_s, QString::fromLatin1(target)); // any bytes survive
    if (junk)
        object.insert(u"junk"_s, true);
    if (rcptTo)
        object.insert(u"rcptTo"_s, true);
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

Result<KeptDelivery> KeptDelivery::fromBytes(const QByteArray& bytes) {
    const QJsonObject object = QJsonDocument::fromJson(bytes).object();
    if (object.value("v"_L1).toInt() != kVersion)
        return damaged("it is not what this program writes");
    KeptDelivery kept;
    bool isKnown = false;
    for (const Era era : {Era::Map2012, Era::Legacy, Era::Modern}) {
        if (object.value("era"_L1).toInt(-1) == int(era)) {
            kept.era = era;
            isKnown = true;
        }
    }
    if (!isKnown)
        return damaged("its dialect is unknown");
    kept.local.target = object.value("target"_L1).toString().toLatin1();
    kept.local.junk = object.value("junk"_L1).toBool();
    kept.local.rcptTo = object.value("rcptTo"_L1).toBool();
    return kept;
}

} // namespace postern::policy
