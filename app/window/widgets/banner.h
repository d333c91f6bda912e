// SPDX-License-Identifier: GPL-3.0-or-later
//
// A tinted line that says who needs what, what it means for the mail, and offers the next step. Stays until its cause is
// gone. BannerStack shows the two worst and "N more".
// Thread: the GUI thread.
#pragma once

#include "window/theme/roles.h"

#include <QFrame>

#include <functional>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace postern::window {

class LinkButton;

struct BannerText {
    QString id; // stable while the cause lasts
    Tone tone = Tone::Attention;
    QString icon;
    QString title, text;
    QString button, link; // "" = none
    bool operator==(const BannerText&) const = default;
};

class Banner final : public QFrame {
    Q_OBJECT
  public:
    explicit Banner(QWidget* parent = nullptr);
    void setText(const BannerText& text);
    const BannerText& text() const { return m_text; }

  Q_SIGNALS:
    void pressed();
    void linkPressed();

  protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    BannerText m_text;
    QLabel* m_title = nullptr;
    QLabel* m_body = nullptr;
    LinkButton* m_link = nullptr;
    QPushButton* m_button = nullptr;
};

class BannerStack final : public QWidget {
    Q_OBJECT
  public:
    explicit BannerStack(QWidget* parent = nullptr);
    void setBanners(const QList<BannerText>& banners); // worst first
    static constexpr int kMost = 2;

  Q_SIGNALS:
    void pressed(const QString& id);
    void linkPressed(const QString& id);

  private:
    void showBanners(const QList<BannerText>& shown);
    QList<BannerText> m_all;
    QList<Banner*> m_banners;
    QVBoxLayout* m_layout = nullptr;
    LinkButton* m_more = nullptr;
    bool m_showsAll = false;
};

} // namespace postern::window
