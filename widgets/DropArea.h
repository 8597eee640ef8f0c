#pragma once

#include <QList>
#include <QUrl>
#include <QWidget>

namespace tagalign::widgets {

/// An empty page: what belongs here, a button for it, and a place to drop files on.
class DropArea : public QWidget
{
    Q_OBJECT

public:
    DropArea(const QString& heading, const QString& sentence, const QString& button,
             QWidget* parent = nullptr);

Q_SIGNALS:
    void dropped(const QList<QUrl>& urls); ///< local files and folders
    void clicked();

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    bool m_isTarget = false;
};

} // namespace tagalign::widgets
