// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/secret.h"

namespace postern {

void wipe(QByteArray& bytes) {
    if (bytes.isDetached()) {
        volatile char* at = bytes.data();
        for (qsizetype i = 0; i < bytes.size(); ++i)
            at[i] = 0;
    }
    bytes.clear();
}

Secret::Secret(QByteArray&& plain) : m_bytes(std::move(plain)) {}
Secret::Secret(const QByteArray& plain) : m_bytes(plain.constData(), plain.size()) {}
Secret::Secret(const Secret& other) : m_bytes(other.m_bytes.constData(), other.m_bytes.size()) {}
Secret::Secret(Secret&& other) noexcept : m_bytes(std::move(other.m_bytes)) {}
Secret::~Secret() {
    wipe(m_bytes);
}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe(m_bytes);
        m_bytes = QByteArray(other.m_bytes.constData(), other.m_bytes.size());
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(m_bytes);
        m_bytes = std::move(other.m_bytes);
    }
    return *this;
}

} // namespace postern
