// SPDX-License-Identifier: GPL-3.0-or-later
#include "local/local_plan.h"

#include "base/log.h"
#include "delivery/specifiers.h"
#include "local/system_path.h"

#include <algorithm>

namespace postern::local {
namespace {

using delivery::SpecifierPlace;
using policy::Era;
using policy::Method;

constexpr qsizetype kMostSubAddress = 64;
constexpr QByteArrayView kNotInFolder = "!#$%&'*/?^`{|}~\"\\:"; // mail.maildir's, and what quotes may hold
constexpr qsizetype kMostOfHost = 64;

Error temporary(const QByteArray& text) {
    return {ErrorCode::Invalid, text, Permanence::Temporary};
}

QByteArray userPart(const QByteArray& address) {
    return address.first(std::max<qsizetype>(address.lastIndexOf('@'), 0));
}

QByteArray domainPart(const QByteArray& address) {
    return address.sliced(address.lastIndexOf('@') + 1);
}

char delimiterOf(const LocalJob& job) {
    return job.settings ? job.settings->subAddressDelimiter : '+';
}

delivery::SpecifierValues valuesFor(const LocalJob& job, const queue::Envelope& envelope, const delivery::LocalUser& user) {
    delivery::SpecifierValues values;
    values.sender = job.delivery.message->sender;
    values.recipient = envelope.recipient;
    values.destination = envelope.destination;
    values.user = user.name;
    values.home = user.home;
    values.subAddressDelimiter = delimiterOf(job);
    return values;
}

Result<QByteArray> filled(const LocalJob& job, const char* what, const QByteArray& text, const delivery::SpecifierValues& values,
                          SpecifierPlace place) {
    auto out = expandSpecifiers(text, values, job.era, place);
    if (out)
        return out;
    const bool isFinal = job.era == Era::Modern && out.error().permanence == Permanence::Permanent;
    return Error{ErrorCode::Invalid, (isFinal ? "5.3.5 " : "4.3.5 ") + QByteArray(what) + " could not be filled in: " + out.error().text,
                 isFinal ? Permanence::Permanent : Permanence::Temporary};
}

// What programs see (reference: MDA execution). An EXTENSION is a word from a stranger that old shells might take for a function.
std::vector<std::string> environmentFor(const LocalJob& job, const queue::Envelope& envelope, const delivery::LocalUser& user) {
    std::vector<std::string> out;
    const auto set = [&out](const char* name, const QByteArray& value) {
        QByteArray safe = value;
        std::replace_if(
            safe.begin(), safe.end(), [](char c) { return uchar(c) < 0x20 || c == 0x7f; }, ':');
        out.push_back((name + ('=' + safe)).toStdString());
    };
    set("PATH", systemPath());
    set("DOMAIN", domainPart(envelope.recipient));
    set("HOME", user.home);
    set("RECIPIENT", envelope.destination);
    set("ORIGINAL_RECIPIENT", envelope.recipient);
    set("SHELL", "/bin/sh");
    set("LOCAL", userPart(envelope.recipient));
    set("LOGNAME", user.name);
    set("USER", user.name);
    set("SENDER", job.delivery.message->sender);
    if (QByteArray extension = subAddress(envelope.destination, delimiterOf(job)); !extension.isEmpty())
        set("EXTENSION", extension.replace('(', ':'));
    return out;
}

QByteArray quotedForShell(QByteArray text) {
    return '\'' + text.replace("'", "'\\''") + '\'';
}

// The command that does what the order says: %{mda} of a wrapper.
QByteArray asCommand(const mda::Order& order, const QByteArray& program) {
    switch (order.task) {
    case mda::Task::Command: return QByteArray::fromStdString(order.command);
    case mda::Task::Mailbox:
    case mda::Task::File:
        return quotedForShell(program) + " mbox -s " +
               quotedForShell(QByteArray::fromStdString(order.sender.empty() ? "MAILER-DAEMON" : order.sender)) + " -- " +
               quotedForShell(QByteArray::fromStdString(order.path));
    case mda::Task::Maildir: {
        QByteArray out = quotedForShell(program) + " maildir -n " + quotedForShell(QByteArray::fromStdString(order.name));
        if (order.junk)
            out += " -j";
        if (!order.folder.empty())
            out += " -f " + quotedForShell(QByteArray::fromStdString(order.folder));
        return out + " -- " + quotedForShell(QByteArray::fromStdString(order.path));
    }
    }
    return {};
}

bool isFileName(const QByteArray& name) {
    return !name.isEmpty() && !name.startsWith('.') && !name.contains('/') && !name.contains('\0');
}

QByteArray meaningOf(int status) { // sysexits.h
    switch (status) {
    case 64: return "wrong usage";
    case 65: return "wrong data";
    case 66: return "no input";
    case 67: return "no such user";
    case 68: return "no such host";
    case 69: return "unavailable";
    case 70: return "internal fault";
    case 71: return "operating system fault";
    case 72: return "a system file is missing";
    case 73: return "can't create";
    case 74: return "input or output fault";
    case 75: return "try again later";
    case 76: return "protocol fault";
    case 77: return "not permitted";
    case 78: return "wrong configuration";
    case 126: return "not a program";
    case 127: return "no such program";
    }
    return {};
}

} // namespace

const delivery::LocalUser& userOf(const LocalJob& job, size_t index, const PlanFrame& frame) {
    const bool has = index < job.users.size() && !job.users[index].name.isEmpty();
    return has ? job.users[index] : frame.unprivileged;
}

QByteArray maildirName(const queue::Message& message, const queue::Envelope& envelope, const QByteArray& host) {
    QByteArray safe = host.isEmpty() ? QByteArray("localhost") : host.first(std::min(host.size(), kMostOfHost));
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return uchar(c) <= 0x20 || c == 0x7f; }, '_');
    safe.replace('/', "\\057").replace(':', "\\072");
    return QByteArray::number(message.createdAt) + '.' + queue::toText(envelope.id) + '.' + safe;
}

QByteArray subAddress(const QByteArray& address, char delimiter) {
    const QByteArray user = userPart(address);
    const qsizetype at = user.indexOf(delimiter);
    return at <= 0 ? QByteArray() : user.sliced(at + 1);
}

QByteArray subFolder(const QByteArray& subAddress) {
    QByteArray out = subAddress;
    std::replace_if(
        out.begin(), out.end(), [](char c) { return kNotInFolder.contains(c) || uchar(c) < 0x20 || c == 0x7f; }, ':');
    const bool isName = !out.isEmpty() && out.size() <= kMostSubAddress && !out.startsWith('.') && !out.endsWith('.') && !out.contains("..");
    return isName ? out : QByteArray();
}

Result<LocalPlan> planFor(const LocalJob& job, size_t index, const PlanFrame& frame) {
    const queue::Message& message = *job.delivery.message;
    const queue::Envelope& envelope = job.delivery.envelopes[index];
    const delivery::LocalUser& user = userOf(job, index, frame);
    const delivery::SpecifierValues values = valuesFor(job, envelope, user);
    LocalPlan plan;
    mda::Order& order = plan.order;
    order.user = user.name.toStdString();
    order.home = user.home.toStdString();
    order.uid = user.uid;
    order.gid = user.gid;
    order.sender = message.sender.toStdString();
    order.timeLimitMs = frame.timeLimit.count();
    switch (job.method) {
    case Method::Mbox:
        if (job.isOwnTarget) {
            const auto path = filled(job, "the path of the file", job.target, values, SpecifierPlace::Path);
            if (!path)
                return path.error();
            order.task = mda::Task::File;
            order.path = path->toStdString();
        } else {
            if (!isFileName(user.name))
                return temporary("4.3.5 \"" + harmless(user.name, 64) + "\" can't be the name of a mailbox");
            order.task = mda::Task::Mailbox;
            order.path = (frame.mailFolder + '/' + user.name).toStdString();
        }
        plan.where = "mbox " + QByteArray::fromStdString(order.path);
        break;
    case Method::Maildir: {
        const QByteArray target = job.target.isEmpty() ? QByteArray("~/Maildir") : job.target;
        const auto path = filled(job, "the path of the maildir", target, values, SpecifierPlace::Path);
        if (!path)
            return path.error();
        order.task = mda::Task::Maildir;
        order.path = path->toStdString();
        order.name = maildirName(message, envelope, job.serverName).toStdString();
        order.folder = subFolder(subAddress(envelope.destination, delimiterOf(job))).toStdString();
        order.junk = job.junk;
        order.mayBeThere = envelope.tries > 0 || message.createdAt <= frame.startedAt;
        plan.where = "maildir " + *path;
        break;
    }
    case Method::Mda: {
        const auto command = filled(job, "the command", job.target, values, SpecifierPlace::Command);
        if (!command)
            return command.error();
        order.task = mda::Task::Command;
        order.command = command->toStdString();
        plan.where = "command " + *command;
        break;
    }
    case Method::Relay:
    case Method::Catch:
    case Method::Lmtp:
    case Method::ExpandOnly:
    case Method::ForwardOnly: return temporary("4.3.5 there is no delivery by " + toString(job.method).toByteArray() + " into a mailbox");
    }
    if (order.task != mda::Task::Command && !order.path.starts_with('/'))
        return temporary("4.3.5 \"" + harmless(QByteArray::fromStdString(order.path), 200) + "\" is not a whole path");
    if (!job.wrapper.isEmpty()) {
        delivery::SpecifierValues wrapped = values;
        wrapped.mda = asCommand(order, frame.program);
        const auto command = filled(job, "the command of the wrapper", job.wrapper, wrapped, SpecifierPlace::Command);
        if (!command)
            return command.error();
        order.task = mda::Task::Command;
        order.command = command->toStdString();
        plan.where = "command " + *command;
    }
    if (order.task == mda::Task::Command)
        order.environment = environmentFor(job, envelope, user);
    if (user.uid == 0 && order.task != mda::Task::Mailbox) // as OpenSMTPD has it
        return Error{ErrorCode::Denied, "5.7.0 not allowed to deliver to: " + harmless(user.name, 64) + " (nothing but an mbox is delivered as root)",
                     Permanence::Permanent};
    return plan;
}

queue::TryOutcome outcomeOf(const mda::Report& report, queue::EnvelopeId id, const QByteArray& where, Era era) {
    const QByteArray said = harmless(QByteArray::fromStdString(report.text), 300);
    // Up to 6.3 nothing that a command said was final.
    const auto ended = [&](bool isFinal, const QByteArray& how) {
        const bool permanent = isFinal && era == Era::Modern;
        return queue::TryOutcome{id, permanent ? queue::TryResult::Permanent : queue::TryResult::Temporary,
                                 (permanent ? "5.3.0 " : "4.3.0 ") + (said.isEmpty() ? how : said + " (" + how + ')'), true};
    };
    switch (report.ending) {
    case mda::Ending::Delivered: return {id, queue::TryResult::Delivered, "delivered to " + harmless(where, 300), true};
    case mda::Ending::Later: return {id, queue::TryResult::Temporary, said, true};
    case mda::Ending::Exit: {
        if (report.number == 0)
            return {id, queue::TryResult::Delivered, "delivered to " + harmless(where, 300), true};
        constexpr int kOsError = 71;
        constexpr int kTryLater = 75;
        const QByteArray meaning = meaningOf(report.number);
        return ended(report.number != kOsError && report.number != kTryLater,
                     "the command ended with " + QByteArray::number(report.number) + (meaning.isEmpty() ? meaning : ", " + meaning));
    }
    case mda::Ending::Signal: return ended(false, "the command was ended by signal " + QByteArray::number(report.number));
    case mda::Ending::Unread: return ended(false, "the command ended before it had read the message");
    }
    return {id, queue::TryResult::Temporary, said, true};
}

Result<LmtpPlace> lmtpPlace(const QByteArray& destination) {
    if (destination.startsWith('/'))
        return LmtpPlace{destination, {}};
    QByteArray host = destination;
    QByteArray port = "25"; // as mail.lmtp has it
    const qsizetype bracket = host.startsWith('[') ? host.indexOf(']') : -1;
    const qsizetype colon = host.indexOf(':', std::max<qsizetype>(bracket, 0));
    if (colon >= 0) {
        port = host.sliced(colon + 1);
        host.truncate(colon);
    }
    if (bracket >= 0 && host.mid(1, 5).compare("IPv6:", Qt::CaseInsensitive) == 0)
        host.remove(1, 5);
    const LmtpPlace place{{}, "lmtp://" + host + ':' + port};
    if (const auto url = policy::RelayUrl::parse(place.url, Era::Modern); !url || !url->label().isEmpty())
        return temporary("4.3.5 \"" + harmless(destination, 200) + "\" is no LMTP destination: HOST:PORT or the path of a socket");
    return place;
}

Result<QByteArray> lmtpDestination(const LocalJob& job, size_t index, const PlanFrame& frame) {
    return filled(job, "the LMTP destination", job.target,
                  valuesFor(job, job.delivery.envelopes[index], userOf(job, index, frame)), SpecifierPlace::Text);
}

} // namespace postern::local
