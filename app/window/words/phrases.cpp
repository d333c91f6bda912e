// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/words/phrases.h"

#include "window/words/safe_text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Phrases {
    Q_DECLARE_TR_FUNCTIONS(Phrases)
};

QDateTime local(qint64 at) {
    return QDateTime::fromSecsSinceEpoch(at);
}

} // namespace

QString clockTime(qint64 at) {
    return at > 0 ? QLocale().toString(local(at).time(), u"HH:mm"_s) : QString();
}

QString clockTimeSeconds(qint64 at) {
    return at > 0 ? QLocale().toString(local(at).time(), u"HH:mm:ss"_s) : QString();
}

QString whenWords(qint64 at, qint64 now) {
    if (at <= 0)
        return {};
    const QDateTime then = local(at);
    const QDateTime today = local(now);
    if (then.date() == today.date())
        return clockTime(at);
    const bool sameYear = then.date().year() == today.date().year();
    return QLocale().toString(then, sameYear ? u"d MMM, HH:mm"_s : u"d MMM yyyy, HH:mm"_s);
}

QString spanWords(qint64 seconds) {
    const qint64 s = std::max<qint64>(seconds, 0);
    if (s < 60)
        return Phrases::tr("%1 s", "a short span in seconds").arg(s);
    if (s < 100 * 60)
        return Phrases::tr("%1 min", "a span in minutes").arg(s / 60);
    if (s < 48 * 3600)
        return Phrases::tr("%1 h", "a span in hours").arg(s / 3600);
    return Phrases::tr("%n day(s)", "a span", static_cast<int>(s / 86400));
}

QString sizeWords(qint64 octets) {
    const QLocale locale;
    if (octets < 1000)
        return Phrases::tr("%1 bytes").arg(locale.toString(octets));
    const double kilo = static_cast<double>(octets) / 1000.0;
    if (kilo < 999.5)
        return Phrases::tr("%1 KB").arg(locale.toString(kilo, 'f', 0));
    const double mega = kilo / 1000.0;
    if (mega < 999.5)
        return Phrases::tr("%1 MB").arg(locale.toString(mega, 'f', mega < 100 ? 1 : 0));
    const double giga = mega / 1000.0;
    return Phrases::tr("%1 GB").arg(locale.toString(giga, 'f', giga < 10 ? 1 : 0));
}

QString todayWords(qint64 now) {
    return QLocale().toString(local(now), Phrases::tr("dddd d MMMM yyyy, HH:mm", "date format of the Overview's line"));
}

QString relayWords(const QString& relay) {
    const qsizetype scheme = relay.indexOf(u"://"_s);
    if (scheme < 0)
        return safeLine(relay);
    QString host = relay.mid(scheme + 3);
    host = host.mid(host.lastIndexOf(u'@') + 1);
    host = host.section(u'/', 0, 0);
    const qsizetype colon = host.indexOf(u':', std::max<qsizetype>(0, host.indexOf(u']'))); // not those of an IPv6 address
    if (colon >= 0 && QStringList{u"25"_s, u"465"_s, u"587"_s}.contains(host.mid(colon + 1)))
        host.truncate(colon);
    return safeLine(host.isEmpty() ? relay : host);
}

QString sentence(const QString& words) {
    if (words.isEmpty())
        return words;
    static const QString kEnds = u".?!…"_s;
    return words.left(1).toUpper() + words.mid(1) + (kEnds.contains(words.back()) ? QString() : u"."_s);
}

QString notRunningWords() {
    return Phrases::tr("The gateway is not running. Mail that was taken in is safe on the disk.");
}

QString countWords(qint64 n) {
    return QLocale().toString(n);
}

} // namespace postern::window
