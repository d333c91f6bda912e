// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/overview/needs_you.h"

#include "window/words/phrases.h"
#include "window/words/safe_text.h"
#include "window/words/trouble.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Status)
};

const auto kStart = u"gateway:gone"_s;
const auto kMtaPaused = u"paused:mta"_s;
const auto kSmtpPaused = u"paused:smtp"_s;
const auto kSignIn = u"signin"_s; // a relay that a person has to do something about

// A relay's trouble in the words that the queue has for it, with the count; the relay's own words stay beside it.
void tellRelay(BannerText& banner, const control::RelayStatus& relay) {
    const Trouble trouble = troubleIn(relay.detail);
    if (trouble == Trouble::None)
        return;
    banner.title = troubleTitle(trouble, isolated(relayWords(relay.name)));
    const QString counted = Words::tr("%n message(s) are waiting.", nullptr, relay.waiting);
    const QString words = leftToRight(safeLine(relay.detail, 300));
    const QString quoted = answerIn(relay.detail).code.isEmpty() ? Words::tr("What happened: “%1”.").arg(words)
                                                                 : Words::tr("Their words: “%1”.").arg(words);
    if (needsPerson(trouble)) {
        banner.id = kSignIn + banner.id.mid(banner.id.indexOf(u':'));
        banner.text = Words::tr("%1 Nothing is lost: they leave as soon as this is put right. %2 %3", "count, what to do, their words")
                          .arg(counted, troubleMeaning(trouble), quoted);
    } else {
        banner.text = Words::tr("%1 Nothing is lost. %2 %3", "count, what happens, their words").arg(counted, troubleMeaning(trouble), quoted);
    }
}

// "FILE:LINE:COL: error: what." as the reader of the configuration says it, and what it means for the mail.
void tellConfig(BannerText& banner, const control::Status& status) {
    banner.text.replace(u": error: "_s, u": "_s);
    banner.text.replace(u"?."_s, u"?"_s);
    if (status.configLoadedAt == 0)
        banner.text += u" "_s + Words::tr("Until this is put right nothing is taken in or sent. Mail that was taken in before is safe.");
}

// "cannot listen on ADDRESS: why; what to do": the title has said the first part.
void tellListener(BannerText& banner) {
    const qsizetype at = banner.text.indexOf(u": "_s);
    if (banner.text.startsWith(u"cannot listen on "_s) && at > 0)
        banner.text.remove(0, at + 2);
    banner.text = sentence(banner.text);
}

BannerText problemBanner(const control::Problem& problem, const control::Status& status) {
    BannerText banner;
    banner.id = problem.id;
    const bool isError = problem.gravity == control::Gravity::Error;
    banner.tone = isError ? Tone::Error : Tone::Attention;
    banner.icon = isError ? u"error"_s : isProblemAbout(problem.id, u"relay") ? u"hold"_s : u"attention"_s;
    banner.title = safeLine(problem.title);
    banner.text = safeLine(problem.text);
    if (isProblemAbout(problem.id, u"config"))
        tellConfig(banner, status);
    if (isProblemAbout(problem.id, u"listener"))
        tellListener(banner);
    for (const auto& relay : status.relays) {
        if (problem.id == relay.id())
            tellRelay(banner, relay);
    }
    if (!problem.where.isEmpty() && !problem.text.contains(problem.where)) // once is enough
        banner.text += (banner.text.isEmpty() ? QString() : u" "_s) + u"("_s + leftToRight(safeLine(problem.where)) + u")"_s;
    switch (buttonRemedy(banner.id)) {
    case Remedy::ShowQueue:
        banner.button = Words::tr("Show messages");
        break;
    case Remedy::TryAgain:
        banner.button = Words::tr("Try now");
        break;
    case Remedy::ReadAndTry:
        banner.button = Words::tr("Read settings and try again");
        break;
    case Remedy::ReloadConfig:
        banner.button = isProblemAbout(banner.id, u"listener") ? Words::tr("Try again") : Words::tr("Read settings again");
        break;
    case Remedy::OpenFolder:
        banner.button = Words::tr("Open the folder");
        break;
    case Remedy::None:
    case Remedy::OpenConfig:
    case Remedy::ResumeSending:
    case Remedy::ResumeReceiving:
    case Remedy::Start:
    case Remedy::Refresh:
        break;
    }
    if (linkRemedy(banner.id) == Remedy::OpenConfig)
        banner.link = Words::tr("Open smtpd.conf");
    else if (linkRemedy(banner.id) == Remedy::ShowQueue)
        banner.link = Words::tr("Show messages");
    return banner;
}

BannerText goneBanner(const LinkState& link) {
    BannerText banner;
    banner.id = kStart;
    banner.tone = Tone::Error;
    banner.icon = u"error"_s;
    banner.title = Words::tr("Postern does not receive mail");
    const QString reason = link.reason.isEmpty() ? Words::tr("The gateway does not answer.") : sentence(safeLine(link.reason));
    banner.text = reason + u" "_s + Words::tr("Mail that was taken in is safe on the disk.");
    banner.button = link.canStart ? Words::tr("Start") : Words::tr("Try again");
    return banner;
}

} // namespace

bool isProblemAbout(const QString& id, QStringView what) {
    return id == what || (id.startsWith(what) && id.size() > what.size() && id.at(what.size()) == u':');
}

Remedy buttonRemedy(const QString& id) {
    if (id == kStart)
        return Remedy::Start;
    if (id == kMtaPaused)
        return Remedy::ResumeSending;
    if (id == kSmtpPaused)
        return Remedy::ResumeReceiving;
    if (isProblemAbout(id, kSignIn))
        return Remedy::ReadAndTry;
    if (isProblemAbout(id, u"relay"))
        return Remedy::TryAgain;
    if (isProblemAbout(id, u"queue"))
        return Remedy::ShowQueue;
    if (isProblemAbout(id, u"listener") || isProblemAbout(id, u"config") || isProblemAbout(id, u"table") || isProblemAbout(id, u"pki"))
        return Remedy::ReloadConfig;
    if (isProblemAbout(id, u"disk") || isProblemAbout(id, u"spool"))
        return Remedy::OpenFolder;
    return Remedy::None;
}

Remedy linkRemedy(const QString& id) {
    if (isProblemAbout(id, kSignIn) || isProblemAbout(id, u"relay"))
        return Remedy::ShowQueue;
    return buttonRemedy(id) == Remedy::ReloadConfig ? Remedy::OpenConfig : Remedy::None;
}

bool isAboutQueue(const QString& id) {
    return isProblemAbout(id, u"relay") || isProblemAbout(id, u"queue") || isProblemAbout(id, kSignIn);
}

bool endsByItself(const BannerText& banner) {
    return isProblemAbout(banner.id, u"relay");
}

QList<BannerText> needsYou(const LinkState& link, const control::Status& status) {
    if (!link.isThere) {
        if (!link.wasEverThere && link.reason.isEmpty())
            return {}; // still connecting
        return {goneBanner(link)};
    }
    QList<BannerText> banners;
    for (const auto& problem : status.problems)
        banners.append(problemBanner(problem, status));
    if (status.smtpPaused)
        banners.append({kSmtpPaused, Tone::Attention, u"hold"_s, Words::tr("Receiving is paused"),
                        Words::tr("Senders are asked to come back later. Nothing is lost."), Words::tr("Resume"), {}});
    if (status.relayPaused)
        banners.append({kMtaPaused, Tone::Attention, u"hold"_s, pausedWords(link),
                        Words::tr("Mail is still taken in and stays safe on this computer."), Words::tr("Resume"), {}});
    return banners;
}

} // namespace postern::window
