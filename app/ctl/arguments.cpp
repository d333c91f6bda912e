// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace postern::ctl {

Arguments::Arguments(QByteArrayList words, const QByteArrayList& flags, const QByteArrayList& options) {
    bool onlyWords = false;
    for (qsizetype i = 0; i < words.size(); ++i) {
        const QByteArray& word = words[i];
        if (onlyWords || word == "-" || !word.startsWith('-')) {
            m_words.append(word);
            continue;
        }
        if (word == "--") {
            onlyWords = true;
            continue;
        }
        const qsizetype equals = word.startsWith("--") ? word.indexOf('=') : -1;
        const QByteArray name = equals < 0 ? word : word.left(equals);
        if (flags.contains(name) && equals < 0) {
            m_flags.append(name);
        } else if (options.contains(name)) {
            if (equals < 0 && i + 1 >= words.size())
                throw UsageError{name + " needs a value"};
            if (m_values.contains(name))
                throw UsageError{name + " is given twice"};
            m_values.insert(name, equals < 0 ? words[++i] : word.mid(equals + 1));
        } else {
            throw UsageError{"there is no option " + name + " here"};
        }
    }
}

std::optional<QByteArray> Arguments::value(const QByteArray& option) const {
    const auto at = m_values.constFind(option);
    return at == m_values.constEnd() ? std::nullopt : std::optional(*at);
}

QByteArray Arguments::required(const QByteArray& option) const {
    if (const auto v = value(option))
        return *v;
    throw UsageError{option + " is needed"};
}

namespace {

QByteArray absolute(const QByteArray& path) {
    return QFile::encodeName(QDir::cleanPath(QFileInfo(QFile::decodeName(path)).absoluteFilePath()));
}

} // namespace

engine::Profile profileFrom(const Arguments& arguments) {
    const auto folder = arguments.value("--profile");
    const auto state = arguments.value("--state");
    const auto file = arguments.value("-f");
    engine::Profile profile = folder ? engine::Profile::at(*folder) : engine::Profile::platformDefault();
    if (state) {
        profile.stateFolder = absolute(*state);
        if (!folder)
            profile.folder.clear(); // a gateway of its own, beside the user's profile
        if (!folder && !file)
            profile.configFile = engine::Profile::platformDefault().configFile;
    } else if (folder && QFileInfo::exists(QFile::decodeName(*folder + "/control.sock")) &&
               !QFileInfo::exists(QFile::decodeName(profile.configFile))) {
        profile.stateFolder = absolute(*folder); // the folder that `run --state` was given
    }
    if (file)
        profile.configFile = absolute(*file);
    return profile;
}

std::optional<policy::Era> dialectFrom(const Arguments& arguments) {
    const QByteArray name = arguments.value("--dialect").value_or("auto");
    if (name == "auto")
        return std::nullopt;
    if (name == "2012")
        return policy::Era::Map2012;
    if (name == "legacy")
        return policy::Era::Legacy;
    if (name == "modern")
        return policy::Era::Modern;
    throw UsageError{"--dialect is auto, 2012, legacy or modern, not " + name};
}

} // namespace postern::ctl
