// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/keychain_logins.h"

#include <QFile>
#include <QSettings>

#include <utility>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

const QString kLabels = u"keychain/logins"_s;

} // namespace

KeychainLogins::KeychainLogins(Profile profile, keychain::KeychainPtr keychain)
    : m_profile(std::move(profile)), m_keychain(std::move(keychain)) {}

void KeychainLogins::lookup(const QByteArray& label, const tables::LookupDone& done) const {
    m_keychain->ask({keychain::Verb::Read, m_profile.keychainName(label)},
                    [label, done, shared = m_shared](keychain::Answer answer) {
                        tables::LookupResult result;
                        Trouble trouble;
                        switch (answer.state) {
                        case keychain::State::Done:
                            result.found = true;
                            result.key = label;
                            result.value = answer.value.expose().toByteArray();
                            break;
                        case keychain::State::NotFound:
                            break;
                        case keychain::State::NoService:
                        case keychain::State::Locked:
                        case keychain::State::Denied:
                        case keychain::State::TooSlow:
                        case keychain::State::NotBuilt:
                        case keychain::State::Failed:
                            result.failed = true;
                            result.value = keychain::reason(answer);
                            trouble = {label, result.value};
                            break;
                        }
                        {
                            const std::lock_guard lock(shared->mutex);
                            shared->trouble = std::move(trouble);
                        }
                        done(std::move(result));
                    });
}

QByteArrayList KeychainLogins::labels() const {
    return keptLabels(m_profile);
}

KeychainLogins::Trouble KeychainLogins::trouble() const {
    const std::lock_guard lock(m_shared->mutex);
    return m_shared->trouble;
}

QByteArrayList keptLabels(const Profile& profile) {
    QByteArrayList labels;
    const QSettings settings(QFile::decodeName(profile.settingsFile()), QSettings::IniFormat);
    for (const QString& label : settings.value(kLabels).toStringList())
        if (!label.isEmpty())
            labels.append(label.toUtf8());
    return labels;
}

Result<void> noteLabel(const Profile& profile, const QByteArray& label, bool isKept) {
    const QString file = QFile::decodeName(profile.settingsFile());
    QSettings settings(file, QSettings::IniFormat);
    QStringList labels = settings.value(kLabels).toStringList();
    const QString text = QString::fromUtf8(label);
    labels.removeAll(text);
    if (isKept)
        labels.append(text);
    labels.removeAll(QString());
    labels.sort();
    settings.setValue(kLabels, labels);
    settings.sync();
    if (settings.status() != QSettings::NoError)
        return Error{ErrorCode::Io, "cannot write " + profile.settingsFile(), Permanence::Permanent};
    return {};
}

} // namespace postern::engine
