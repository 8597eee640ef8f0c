#pragma once

#include "app/pages/Workspace.h"

#include <QObject>
#include <QTimer>

namespace tagalign::widgets {
class QualityBar;
}

namespace tagalign::app {

/// Keeps a quality bar up to date with the project's verdicts, and the project with the bar.
class QualityControl : public QObject
{
    Q_OBJECT

public:
    QualityControl(Workspace& workspace, widgets::QualityBar* bar, QObject* parent = nullptr);

    [[nodiscard]] db::Order
    order() const; ///< as the person chose it, in this or an earlier session

    /// Fits the model anew once verdicts have ceased for a second.
    void refreshSoon() { m_rest.start(); }

Q_SIGNALS:
    void orderChanged();
    void placeChosen(tagalign::db::ImageId image, tagalign::db::TagId tag); ///< for a second look

private:
    struct Place
    {
        db::ImageId image{};
        db::TagId tag{};
    };

    struct State;

    [[nodiscard]] static State stateOf(const Project& project, const db::Database& database);
    void refresh();

    Workspace& m_workspace;
    widgets::QualityBar* m_bar;
    QTimer m_rest;
    QList<Place> m_secondLook; ///< by line
};

} // namespace tagalign::app
