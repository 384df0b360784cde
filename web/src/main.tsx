import { render } from 'preact'
import { App } from './app'
import { httpSource } from './data/http'
import { setSource } from './data/source'
import { keepConnected } from './state/connection'

setSource(httpSource())
keepConnected()
render(<App />, document.getElementById('app')!)
