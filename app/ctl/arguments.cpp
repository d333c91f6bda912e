// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"

#include "config/suggest.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <algorithm>

namespace postern::ctl {

Arguments::Arguments(QByteArrayList words, const QByteArrayList& flags, const QByteArrayList& options,
                     const QByteArrayList& repeated) {
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
        } else if (options.contains(name) || repeated.contains(name)) {
            if (equals < 0 && i + 1 >= words.size())
                throw UsageError{name + " needs a value"};
            if (repeated.contains(name)) {
                m_repeated[name].append(equals < 0 ? words[++i] : word.mid(equals + 1));
                continue;
            }
            if (m_values.contains(name))
                throw UsageError{name + " is given twice"};
            m_values.insert(name, equals < 0 ? words[++i] : word.mid(equals + 1));
        } else if (flags.contains(name)) {
            throw UsageError{name + " takes no value"};
        } else {
            const QByteArray meant = name.startsWith("--") ? config::nearest(name, flags + options + repeated) : QByteArray();
            throw UsageError{"there is no option " + name + " here" +
                             (meant.isEmpty() ? QByteArray() : "; did you mean " + meant + '?')};
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

bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

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

std::vector<std::pair<QByteArray, QByteArray>> macrosFrom(const Arguments& arguments) {
    std::vector<std::pair<QByteArray, QByteArray>> macros;
    for (const QByteArray& one : arguments.values("-D")) {
        const qsizetype equals = one.indexOf('=');
        const QByteArray name = one.left(equals);
        const bool isName = !name.isEmpty() && (name[0] == '_' || isLetter(name[0])) &&
                            std::all_of(name.begin(), name.end(), [](char c) { return c == '_' || isLetter(c) || (c >= '0' && c <= '9'); });
        if (equals < 0 || !isName)
            throw UsageError{"-D needs NAME=VALUE, with letters, digits and _ in the name"};
        macros.emplace_back(name, one.mid(equals + 1));
    }
    return macros;
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
